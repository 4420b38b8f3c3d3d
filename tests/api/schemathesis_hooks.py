"""Whom the requests of schemathesis come from, and how some of them get past the door: schemathesis.rs runs it with this.

It knows no password and no session's id. So every other well-formed log-in is given those of somebody, and every other id in a
path becomes that of the session that asks.
"""

import itertools
import os

import requests
import schemathesis

API = os.environ["API"]
CREDENTIALS, CALLS = itertools.count(), itertools.count()
# By their credential: which session asks.
SESSIONS = {}
ADA = {"username": "ada", "password": "lovelace"}
GRACE = {"username": "grace", "password": "hopper"}


def credential(who):
    """Logs somebody in: the headers that say so, by token and by cookie in turn, and the answer."""
    by_token = next(CREDENTIALS) % 2 == 0
    answer = requests.post(f"{API}/sessions", json={**who, "token": by_token}, timeout=10)
    answer.raise_for_status()
    if by_token:
        return {"Authorization": f"Bearer {answer.json()['token']}"}, answer.json()
    # Not by a jar: the cookie is for https alone.
    cookie = next(part for part in answer.headers["Set-Cookie"].split(", ") if part.startswith("__Host-sid="))
    return {"Cookie": cookie.split(";")[0], "Sec-Fetch-Site": "same-origin"}, answer.json()


@schemathesis.auth(refresh_interval=None)
class Member:
    """Somebody else each time: the request before may have ended its session."""

    def get(self, case, context):
        headers, answer = credential(ADA)
        SESSIONS[key(headers)] = answer["session"]["session_id"]
        return headers

    def set(self, case, headers, context):
        case.headers.update(headers)


def key(headers):
    return headers.get("Authorization"), headers.get("Cookie")


@schemathesis.hook
def before_call(context, case, kwargs):
    call = next(CALLS)
    if case.meta is None or not case.meta.generation.mode.is_positive or call % 2:
        return
    if "id" in case.path_parameters:
        case.path_parameters["id"] = SESSIONS.get(key(case.headers), case.path_parameters["id"])
    if isinstance(case.body, dict) and "username" in case.body:
        case.body.update(ADA if call % 6 else GRACE)
    if isinstance(case.body, dict) and "factor" in case.body:
        headers, _ = credential(GRACE)
        case.headers.update(headers)
        case.body.update(factor="totp", code="123456")
