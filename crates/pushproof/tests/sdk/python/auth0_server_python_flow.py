"""The whole flow with auth0-server-python, whose replies are strict models; auth0-python does the first factor."""

import asyncio
import time

import httpx
from auth0.authentication.exceptions import Auth0Error
from auth0.authentication.get_token import GetToken
from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import MfaTokenContext
from auth0_server_python.encryption import encrypt
from auth0_server_python.error import MfaApiError

from sandbox import CLIENT, HOST, ISSUER, MFA_SCOPE, REALM, SCOPE, judged, listed, manager, must, new_user, phone, say

SECRET = "the secret of the application, of any length"

mfa = ServerClient(domain=HOST, secret=SECRET, redirect_uri="http://localhost/callback", **CLIENT).mfa


def login(user, scope=SCOPE, audience=None):
    """An mfa_token as this SDK hands it to pages: sealed by the application."""
    try:
        GetToken(HOST, **CLIENT).login(user["username"], user["password"], scope=scope, realm=REALM, audience=audience)
    except Auth0Error as error:
        must(error.error_code == "mfa_required", f"mfa_required, not {error}")
        context = MfaTokenContext(
            mfa_token=error.content["mfa_token"], audience=audience or "", scope=scope, created_at=int(time.time())
        )
        return encrypt(context.model_dump(), SECRET, "mfa_token")
    raise SystemExit("expected: mfa_required")


async def refused(call):
    """What a refused call was refused with."""
    try:
        await call
    except MfaApiError as error:
        must(error.cause and "error" in error.cause, f"an OAuth error, not {error!r} {error.__cause__!r}")
        return f"{error.cause['error']} \"{error}\""
    raise SystemExit("expected: a refusal")


async def verify(mfa_token, **proof):
    return (await mfa.verify({"mfa_token": mfa_token, **proof})).model_dump()


async def list_of(mfa_token):
    return [one.model_dump() for one in await mfa.list_authenticators({"mfa_token": mfa_token})]


async def main():
    management = manager()
    ada = new_user(management, "ada.auth0-server-python")

    mfa_token = login(ada)
    say("list", listed(await list_of(mfa_token)))
    enrolment = await mfa.enroll_authenticator({"mfa_token": mfa_token, "factor_type": "auth0"})
    [recovery_code] = enrolment.recovery_codes
    say("associate push", f"channel {enrolment.oob_channel}", f"binding {enrolment.binding_method}")
    push = {"mfa_token": mfa_token, "oob_code": enrolment.oob_code}
    say("poll", await refused(verify(**push)))
    phone(ada, "enrol", barcode_uri=enrolment.barcode_uri)
    say("poll after the phone enrolled", judged(await verify(**push), ada))

    mfa_token = login(ada)
    authenticators = await list_of(mfa_token)
    say("list", listed(authenticators))
    again = {"mfa_token": mfa_token, "factor_type": "otp"}
    say("second enrolment", await refused(mfa.enroll_authenticator(again)))

    authenticator_id = next(one["id"] for one in authenticators if one["id"].startswith("push|"))
    for decision in ["reject", "approve"]:
        ask = {"mfa_token": mfa_token, "factor_type": "auth0", "authenticator_id": authenticator_id}
        challenge = await mfa.challenge_authenticator(ask)
        say("challenge", f"type {challenge.challenge_type}", f"binding {challenge.binding_method}")
        push = {"mfa_token": mfa_token, "oob_code": challenge.oob_code}
        say("poll", await refused(verify(**push)))
        phone(ada, decision)
        if decision == "reject":
            say("poll after reject", await refused(verify(**push)))
        else:
            say("poll after approve", judged(await verify(**push), ada))

    used, recovered = recovery_code, await verify(login(ada), recovery_code=recovery_code)
    recovery_code = recovered["recovery_code"]
    say("recovery code", judged(recovered, ada), "the same code" if recovery_code == used else "a new code")
    say("the old recovery code", await refused(verify(login(ada), recovery_code=used)))

    otp = phone(ada, "code")["code"]
    say("otp", judged(await verify(login(ada), otp=otp), ada))
    say("the same otp", await refused(verify(login(ada), otp=otp)))

    # The SDK has no call to delete, so an application sends the request itself.
    mfa_token = login(ada, scope=MFA_SCOPE, audience=f"{ISSUER}mfa/")
    managing = await verify(mfa_token, recovery_code=recovery_code)
    bearer = {"authorization": f"Bearer {managing['access_token']}"}
    async with httpx.AsyncClient(base_url=ISSUER, headers=bearer) as http:
        gone = await http.delete(f"mfa/authenticators/{authenticator_id.replace('|', '%7C')}")
        say("delete with a management token", gone.status_code)
        say("list", listed((await http.get("mfa/authenticators")).json()))

    for channel, address in [("sms", {"phone_number": "+15550101"}), ("email", {"email": "ben@example.org"})]:
        ben = new_user(management, f"ben.{channel}")
        mfa_token = login(ben)
        enrolment = await mfa.enroll_authenticator({"mfa_token": mfa_token, "factor_type": channel, **address})
        say(f"associate {channel}", f"channel {enrolment.oob_channel}", f"binding {enrolment.binding_method}")
        async with httpx.AsyncClient(base_url=ISSUER) as http:
            [message] = (await http.get(f"__control/messages/{next(iter(address.values()))}")).json()
        proof = {"mfa_token": mfa_token, "oob_code": enrolment.oob_code}
        say("without the code", await refused(verify(**proof)))
        say("with the code", judged(await verify(**proof, binding_code=message["code"]), ben))


asyncio.run(main())
