"""A Flask app that signs people in with requests_oauth2client: every request pushed first. See ../README.md."""

import json
import os
import secrets
import threading

import requests
from flask import Flask, jsonify, redirect, request, session
from jwskate import Jwk
from markupsafe import escape
from requests_oauth2client import (
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    DeviceAuthorizationPollingJob,
    OAuth2Client,
    OAuth2Error,
    PrivateKeyJwt,
    PublicApp,
)
from werkzeug.serving import make_server

ISSUER = os.environ["ISSUER"]
PORT = int(os.environ["PORT"])
BASE = f"http://127.0.0.1:{PORT}"
CLIENT_ID = os.environ["CLIENT_ID"]
SECRET = os.environ.get("CLIENT_SECRET", "")
SCOPE = "openid profile email groups"

# The library makes assertions for the endpoint they are sent to, unless it is told the issuer.
METHODS = {
    "client_secret_basic": lambda: ClientSecretBasic(CLIENT_ID, SECRET),
    "client_secret_post": lambda: ClientSecretPost(CLIENT_ID, SECRET),
    "client_secret_jwt": lambda: ClientSecretJwt(CLIENT_ID, SECRET),
    "private_key_jwt": lambda: PrivateKeyJwt(
        CLIENT_ID, Jwk.from_pem(os.environ["CLIENT_KEY"], kid="app", alg="RS256")
    ),
    "none": lambda: PublicApp(CLIENT_ID),
}

discovered = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
client = OAuth2Client.from_discovery_document(
    discovered,
    auth=METHODS[os.environ["AUTH_METHOD"]](),
    redirect_uri=f"{BASE}/callback",
    # The library leaves this one out of what it discovers.
    device_authorization_endpoint=discovered["device_authorization_endpoint"],
    testing=True,  # plain HTTP on loopback
)
client.update_authorization_server_public_keys()

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
app.config["SESSION_COOKIE_NAME"] = "rp"
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

# Requests and tokens do not fit into a cookie: it holds a key of this table.
store: dict[str, dict] = {}
devices: dict[str, object] = {}
lock = threading.Lock()


def page(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><title>Example app</title>'
        f"<main><h1>Example app</h1>{body}</main></html>"
    )


def state() -> dict:
    with lock:
        return store[session["key"]]


def claims_of(id_token) -> dict:
    return json.loads(json.dumps(dict(id_token.claims)))


@app.get("/")
def home():
    if "token" not in store.get(session.get("key", ""), {}):
        return page('<p>Not signed in</p><a href="/login">Log in</a>')
    name = escape(state()["claims"]["name"])
    return page(f'<p>Signed in as {name}</p><a href="/logout">Log out</a>')


@app.get("/login")
def login():
    # The library makes state, nonce and the PKCE verifier. RFC 9126: the browser carries a handle only.
    asked = client.authorization_request(scope=SCOPE)
    pushed = client.pushed_authorization_request(asked)
    if "key" not in session:
        session["key"] = secrets.token_hex(16)
    with lock:
        store.setdefault(session["key"], {})["asked"] = asked
    return redirect(str(pushed))


@app.get("/callback")
def callback():
    # Checks state and iss, redeems the code with the verifier, and validates the ID token.
    answer = state()["asked"].validate_callback(request.url)
    token = client.authorization_code(answer, validate=True)
    with lock:
        store[session["key"]].update(
            token=token, claims=claims_of(token.id_token), id_token=str(token.id_token)
        )
    return redirect("/")


@app.get("/session")
def show_session():
    token = state()["token"]
    by_post = requests.post(
        discovered["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {token.access_token}"},
        timeout=10,
    )
    by_post.raise_for_status()
    return jsonify(
        claims=state()["claims"],
        userinfo=client.userinfo(token),
        userinfoByPost=by_post.json(),
        tokenType=token.token_type,
        expiresIn=token.expires_in,
        scope=token.scope,
    )


def userinfo_status(access_token: str) -> int:
    return requests.get(
        discovered["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {access_token}"},
        timeout=10,
    ).status_code


@app.get("/refresh")
def refresh():
    before = state()["token"]
    after = client.refresh_token(before.refresh_token)
    with lock:
        store[session["key"]].update(token=after, id_token=str(after.id_token))
    answer = {
        "rotated": after.refresh_token != before.refresh_token
        and after.access_token != before.access_token,
        "oldAccessTokenStatus": userinfo_status(before.access_token),
        "claims": claims_of(after.id_token),
    }
    if request.args.get("reuse") == "yes":
        try:
            client.refresh_token(before.refresh_token)
            answer["reuse"] = "accepted"
        except OAuth2Error as error:
            answer["reuse"] = error.response.json()["error"]
    return jsonify(answer)


@app.get("/access")
def access():
    return jsonify(status=userinfo_status(state()["token"].access_token))


@app.get("/device")
def device():
    """Starts the device flow; the library polls in the background until somebody answers."""
    started = client.authorize_device(scope=SCOPE)
    job = DeviceAuthorizationPollingJob(client, started)

    def poll() -> None:
        token = None
        while token is None:
            token = job()
        with lock:
            devices[started.user_code] = token

    threading.Thread(target=poll, daemon=True).start()
    return jsonify(userCode=started.user_code, address=started.verification_uri_complete)


@app.get("/device/<code>")
def device_answer(code: str):
    with lock:
        token = devices.get(code)
    if token is None:
        return jsonify(done=False)
    return jsonify(done=True, email=client.userinfo(token)["email"])


@app.get("/logout")
def logout():
    # The library has no part in RP-initiated logout.
    asked = secrets.token_urlsafe(16)
    with lock:
        store[session["key"]]["logout"] = asked
    ended = requests.Request(
        "GET",
        discovered["end_session_endpoint"],
        params={
            "id_token_hint": state()["id_token"],
            "post_logout_redirect_uri": f"{BASE}/signed-out",
            "state": asked,
        },
    )
    return redirect(ended.prepare().url)


@app.get("/signed-out")
def signed_out():
    if request.args.get("state") != state()["logout"]:
        return page("<p>The state does not match</p>")
    with lock:
        store.pop(session.pop("key"), None)
    return page("<p>Signed out</p>")


if __name__ == "__main__":
    server = make_server("127.0.0.1", PORT, app, threaded=True)
    print("App listening", flush=True)
    server.serve_forever()
