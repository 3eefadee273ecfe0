from flask import Flask, request

app = Flask(__name__)


@app.route("/ask", methods=["POST"])
def ask():
    text = request.json["text"]
    # ruleid: python-request-in-system-prompt
    first = {"role": "system", "content": f"Help with {text}"}
    # ruleid: python-request-in-system-prompt
    client.messages.create(system="You serve " + text, messages=[])
    answer = client.chat.completions.create(model="m", messages=[first])
    # ruleid: python-request-in-system-prompt
    exec(answer.choices[0].message.content)
    # ok: python-request-in-system-prompt
    second = {"role": "system", "content": "Help with recipes"}
    # ok: python-request-in-system-prompt
    third = {"role": "user", "content": text}
    # ok: python-request-in-system-prompt
    return answer.choices[0].message.content
