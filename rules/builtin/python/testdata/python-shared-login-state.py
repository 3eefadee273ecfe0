from flask import Flask, session

app = Flask(__name__)
is_admin = False
current_user = None
requests_served = 0


def sign_in(request):
    global is_admin
    if request.POST.get("password") == stored():
        # ruleid: python-shared-login-state
        is_admin = True


@app.post("/login")
def login():
    global current_user
    # ruleid: python-shared-login-state
    current_user = find_user()


@app.post("/logout")
async def logout():
    global current_user
    # ruleid: python-shared-login-state
    current_user = None


@app.get("/count")
def count():
    global requests_served
    # ok: python-shared-login-state
    requests_served += 1


@app.post("/enter")
def enter():
    # ok: python-shared-login-state
    current_user = find_user()
    session["user_id"] = current_user.id


def main():
    global current_user
    # ok: python-shared-login-state
    current_user = find_user()
