"""The whole flow with auth0-python, whose token calls are JSON."""

from auth0.authentication.exceptions import Auth0Error
from auth0.authentication.get_token import GetToken
from auth0.authentication.rest import RestClient

from sandbox import CLIENT, GRANT, HOST, ISSUER, MFA_SCOPE, REALM, SCOPE, judged, listed, manager, must, new_user, phone, say

client = GetToken(HOST, **CLIENT)


def refused(call, *args, **kwargs):
    """What a refused call was refused with."""
    try:
        call(*args, **kwargs)
    except Auth0Error as error:
        return error
    raise SystemExit("expected: a refusal")


def told(error):
    return f'{error.status_code} {error.error_code} "{error.message}"'


def login(user, **wish):
    wish = wish or {"scope": SCOPE}
    error = refused(client.login, user["username"], user["password"], realm=REALM, **wish)
    must(error.error_code == "mfa_required", f"mfa_required, not {told(error)}")
    return error.content["mfa_token"]


def verify(kind, mfa_token, **proof):
    data = {"client_id": client.client_id, "grant_type": GRANT + kind, "mfa_token": mfa_token, **proof}
    return client.authenticated_post(f"{ISSUER}oauth/token", data=data)


management = manager()
ada = new_user(management, "ada.auth0-python")

say("wrong password", told(refused(client.login, ada["username"], "wrong", realm=REALM, scope=SCOPE)))
mfa_token = login(ada)
mfa = RestClient(mfa_token)
say("list", listed(mfa.get(f"{ISSUER}mfa/authenticators")))
enrolment = mfa.post(f"{ISSUER}mfa/associate", data={"authenticator_types": ["oob"], "oob_channels": ["auth0"]})
say("associate push", " ".join(sorted(enrolment)))
oob_code, [recovery_code] = enrolment["oob_code"], enrolment["recovery_codes"]
say("poll", told(refused(verify, "oob", mfa_token, oob_code=oob_code)))
phone(ada, "enrol", barcode_uri=enrolment["barcode_uri"])
tokens = verify("oob", mfa_token, oob_code=oob_code)
say("poll after the phone enrolled", judged(tokens, ada))
say("refresh", judged(client.refresh_token(tokens["refresh_token"]), ada))

mfa_token = login(ada)
mfa = RestClient(mfa_token)
authenticators = mfa.get(f"{ISSUER}mfa/authenticators")
say("list", listed(authenticators))
say("second enrolment", told(refused(mfa.post, f"{ISSUER}mfa/associate", data={"authenticator_types": ["otp"]})))

authenticator_id = next(one["id"] for one in authenticators if one["id"].startswith("push|"))
for decision in ["reject", "approve"]:
    ask = {**CLIENT, "mfa_token": mfa_token, "challenge_type": "oob", "authenticator_id": authenticator_id}
    challenge = client.post(f"{ISSUER}mfa/challenge", data=ask)
    say("challenge", " ".join(sorted(challenge)))
    oob_code = challenge["oob_code"]
    say("poll", told(refused(verify, "oob", mfa_token, oob_code=oob_code)))
    phone(ada, decision)
    if decision == "reject":
        say("poll after reject", told(refused(verify, "oob", mfa_token, oob_code=oob_code)))
    else:
        say("poll after approve", judged(verify("oob", mfa_token, oob_code=oob_code), ada))

used, recovered = recovery_code, verify("recovery-code", login(ada), recovery_code=recovery_code)
recovery_code = recovered["recovery_code"]
say("recovery code", judged(recovered, ada), "the same code" if recovery_code == used else "a new code")
say("the old recovery code", told(refused(verify, "recovery-code", login(ada), recovery_code=used)))
regenerated = management.users.regenerate_recovery_code(ada["id"]).recovery_code
say("the code before the regenerated", told(refused(verify, "recovery-code", login(ada), recovery_code=recovery_code)))

otp = phone(ada, "code")["code"]
say("otp", judged(verify("otp", login(ada), otp=otp), ada))
say("the same otp", told(refused(verify, "otp", login(ada), otp=otp)))

mfa_token = login(ada, audience=f"{ISSUER}mfa/", scope=MFA_SCOPE)
one = f"{ISSUER}mfa/authenticators/{authenticator_id.replace('|', '%7C')}"
say("delete with the login token", told(refused(RestClient(mfa_token).delete, one)))
managing = verify("recovery-code", mfa_token, recovery_code=regenerated)
RestClient(managing["access_token"]).delete(one)
say("delete with a management token", "no content")
say("list", listed(RestClient(managing["access_token"]).get(f"{ISSUER}mfa/authenticators")))

management.users.delete(ada["id"])
say("login of a deleted user", told(refused(client.login, ada["username"], ada["password"], realm=REALM, scope=SCOPE)))
