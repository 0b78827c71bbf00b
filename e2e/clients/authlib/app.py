"""A Flask app that signs people in with Authlib. See ../README.md."""

import os
import secrets
import threading

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain HTTP on loopback

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from flask import Flask, jsonify, redirect, request, session, url_for
from markupsafe import escape
from werkzeug.serving import make_server

ISSUER = os.environ["ISSUER"]
PORT = int(os.environ["PORT"])
BASE = f"http://127.0.0.1:{PORT}"

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
app.config["SESSION_COOKIE_NAME"] = "rp"
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"

# The tokens do not fit into a cookie: it holds a key of this table.
store: dict[str, dict] = {}
lock = threading.Lock()

# Assertions (RFC 7523) are made by methods that want to know whom they are for.
TOKEN_ENDPOINT = f"{ISSUER}/api/oidc/token"
ASSERTIONS = {
    "client_secret_jwt": ClientSecretJWT(TOKEN_ENDPOINT),
    "private_key_jwt": PrivateKeyJWT(TOKEN_ENDPOINT),
}
AUTH_METHOD = os.environ["AUTH_METHOD"]

oauth = OAuth(app)
pocket = oauth.register(
    name="pocket",
    client_id=os.environ["CLIENT_ID"],
    # The library takes a private key in the same place.
    client_secret=os.environ.get("CLIENT_KEY", os.environ.get("CLIENT_SECRET")),
    client_auth_methods=[ASSERTIONS[AUTH_METHOD]] if AUTH_METHOD in ASSERTIONS else None,
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={
        "scope": "openid profile email groups",
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": AUTH_METHOD,
    },
)


def page(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><title>Example app</title>'
        f"<main><h1>Example app</h1>{body}</main></html>"
    )


def state() -> dict:
    with lock:
        return store[session["key"]]


@app.get("/")
def home():
    if session.get("key") not in store:
        return page('<p>Not signed in</p><a href="/login">Log in</a>')
    name = escape(state()["claims"]["name"])
    return page(f'<p>Signed in as {name}</p><a href="/logout">Log out</a>')


@app.get("/login")
def login():
    # Authlib makes state, nonce and the PKCE verifier, and keeps them in the session.
    return pocket.authorize_redirect(f"{BASE}/callback")


@app.get("/callback")
def callback():
    # Checks state, redeems the code with the verifier, and validates the ID token: signature against the
    # JWKS, issuer, audience, expiry, nonce and at_hash.
    token = pocket.authorize_access_token()
    session["key"] = secrets.token_hex(16)
    with lock:
        store[session["key"]] = {
            "token": token,
            "claims": dict(token["userinfo"]),
            "id_token": token["id_token"],
        }
    return redirect("/")


@app.get("/session")
def show_session():
    token = state()["token"]
    endpoint = pocket.load_server_metadata()["userinfo_endpoint"]
    by_post = pocket.post(endpoint, token=token)
    by_post.raise_for_status()
    return jsonify(
        claims=state()["claims"],
        userinfo=pocket.userinfo(token=token),
        userinfoByPost=by_post.json(),
        tokenType=token["token_type"],
        expiresIn=token["expires_in"],
        scope=token["scope"],
    )


def refresh_with(refresh_token: str):
    metadata = pocket.load_server_metadata()
    with pocket._get_oauth_client(**metadata) as client:
        return client.refresh_token(metadata["token_endpoint"], refresh_token=refresh_token)


def userinfo_status(access_token: str) -> int:
    endpoint = pocket.load_server_metadata()["userinfo_endpoint"]
    return requests.get(
        endpoint, headers={"Authorization": f"Bearer {access_token}"}, timeout=10
    ).status_code


@app.get("/refresh")
def refresh():
    before = state()["token"]
    after = refresh_with(before["refresh_token"])
    # A refreshed ID token carries no nonce.
    claims = pocket.parse_id_token(after, nonce=None)
    with lock:
        store[session["key"]]["token"] = after
        store[session["key"]]["id_token"] = after["id_token"]
    answer = {
        "rotated": after["refresh_token"] != before["refresh_token"]
        and after["access_token"] != before["access_token"],
        "oldAccessTokenStatus": userinfo_status(before["access_token"]),
        "claims": dict(claims),
    }
    if request.args.get("reuse") == "yes":
        try:
            refresh_with(before["refresh_token"])
            answer["reuse"] = "accepted"
        except OAuthError as error:
            answer["reuse"] = error.error
    return jsonify(answer)


@app.get("/access")
def access():
    return jsonify(status=userinfo_status(state()["token"]["access_token"]))


@app.get("/logout")
def logout():
    return pocket.logout_redirect(
        post_logout_redirect_uri=url_for("signed_out", _external=True),
        id_token_hint=state()["id_token"],
    )


@app.get("/signed-out")
def signed_out():
    pocket.validate_logout_response()
    with lock:
        store.pop(session.pop("key"), None)
    return page("<p>Signed out</p>")


if __name__ == "__main__":
    server = make_server("127.0.0.1", PORT, app, threaded=True)
    print("App listening", flush=True)
    server.serve_forever()
