from flask import Flask, request

app = Flask(__name__)
FIELDS = {"name", "mail"}


@app.route("/users", methods=["POST"])
def create():
    # ruleid: python-mass-assignment
    a = User(**request.json)
    data = request.get_json()
    # ruleid: python-mass-assignment
    b = User.objects.create(**data)
    for key, value in data.items():
        # ruleid: python-mass-assignment
        setattr(a, key, value)
    # ok: python-mass-assignment
    c = User(name=data["name"])
    # ok: python-mass-assignment
    d = UserSchema(**data)
    for key, value in data.items():
        if key in FIELDS:
            # ok: python-mass-assignment
            setattr(a, key, value)
    return ""
