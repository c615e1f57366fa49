"""What the flows share: the sandbox's address, users, the phone that the sandbox plays, and the transcript."""

import os

import requests
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier
from auth0.authentication.users import Users
from auth0.management import ManagementClient

HOST = os.environ["SANDBOX_HOST"]  # "localhost:4010"
ISSUER = f"https://{HOST}/"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-client-secret"}
REALM = "Username-Password-Authentication"
SCOPE = "openid profile email offline_access"
MFA_SCOPE = "enroll read:authenticators remove:authenticators"
GRANT = "http://auth0.com/oauth/grant-type/mfa-"

_keys = AsymmetricSignatureVerifier(f"{ISSUER}.well-known/jwks.json")
_verifier = TokenVerifier(signature_verifier=_keys, issuer=ISSUER, audience=CLIENT["client_id"])


def say(step, *results):
    """One line of the transcript, which the Rust test compares."""
    print(f"{step}: {', '.join(str(result) for result in results)}", flush=True)


def must(condition, what):
    """Ends the script with a failure unless the condition holds."""
    if not condition:
        raise SystemExit(f"expected: {what}")


def manager():
    """The Management API, which gets its token by client credentials."""
    return ManagementClient(domain=HOST, **CLIENT)


def new_user(management, name):
    """A new user, with the password that all of them have."""
    email, password = f"{name}@example.com", "correct horse battery staple"
    made = management.users.create(connection=REALM, email=email, password=password, email_verified=False)
    must(made.email == email and made.identities[0].connection == REALM, "the user as it was wished")
    return {"id": made.user_id, "username": email, "password": password}


def phone(user, action, **given):
    """Lets the user's phone act."""
    body = {"action": action, "user": user["username"], "with": given}
    reply = requests.post(f"{ISSUER}__control/device", json=body, timeout=10)
    must(reply.ok, f"that the phone can {action}, not {reply.status_code} {reply.text}")
    return reply.json()


def judged(tokens, user):
    """Checks tokens as an application does that trusts nobody."""
    claims = _verifier.verify(tokens["id_token"])
    must(claims["sub"] == user["id"], "the subject of the first factor")
    profile = Users(HOST).userinfo(tokens["access_token"])
    must(profile["sub"] == user["id"] and profile["email"] == user["username"], "the user's own profile")
    return f"id_token verified, profile of the user, scope \"{tokens['scope']}\""


def listed(authenticators):
    """How a list of authenticators reads: sorted, because its order means nothing."""
    shown = [one["id"].split("|")[0] + ("" if one["active"] else " (inactive)") for one in authenticators]
    return " ".join(sorted(shown)) or "nothing"
