//! What a script reads: `--report-json`, format 1.

use pushproof_report::Run;
use pushproof_report::render::json;
use serde_json::Value;

use crate::story::{self, Story};

fn report(story: &Story, strict: bool) -> Value {
    serde_json::from_str(&json::render(&Run::fold(story.events()), strict)).unwrap()
}

#[test]
fn the_head() {
    let mut report = report(story::instructive().end(10), false);
    for list in ["requirements", "cases", "findings"] {
        report.as_object_mut().unwrap().remove(list);
    }
    insta::assert_snapshot!(format!("{report:#}"), @r#"
    {
      "format": 1,
      "kind": "conformance",
      "pushproof": "0.1.0",
      "exit": 10,
      "exit_meaning": "non-conformant: an unexpected failure, a flaky case or a bad known entry",
      "complete": true,
      "strict": false,
      "interrupted": null,
      "run": {
        "id": "k3f9",
        "seed": 7,
        "target": "staging",
        "dialect": "auth0",
        "profile": "documented",
        "started": "2026-11-03T09:00:00Z",
        "took_ms": 812
      },
      "remarks": [
        "TLS is not verified: the target says `insecure: true`"
      ],
      "contradictions": [],
      "left_behind": []
    }
    "#);
}

#[test]
fn requirements_cases_and_findings() {
    let report = report(&story::instructive(), false);
    let lines = |list: &str| -> Vec<String> {
        report[list]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect()
    };
    insta::assert_snapshot!(lines("requirements").join("\n"), @r#"
    {"id":"PUSH-ENROLL-006","level":"must","verdict":"fail","reason":"got rejected (403 invalid_grant), expected pending or tokens","statement":"While the user has not confirmed, the tenant answers `authorization_pending`","source":"protocol.md, PUSH-ENROLL-006","extended":false,"cases":["push.enrol.confirmed-while-polling"],"findings":[0]}
    {"id":"PUSH-ENROLL-007","level":"must","verdict":"fail","reason":"got rejected (403 invalid_grant), expected pending or tokens","statement":"Once the user has confirmed, one of the next two polls is answered with tokens","source":"protocol.md, PUSH-ENROLL-007","extended":false,"cases":["push.enrol.confirmed-while-polling","push.challenge.rejected[decide_after=1]"],"findings":[0,1]}
    {"id":"OOB-POLL-012","level":"must","verdict":"fail","reason":"got tokens (200), expected refused","statement":"An oob_code that has bought tokens buys nothing more, whoever asks and however often","source":"protocol.md, OOB-POLL-012","extended":false,"cases":["push.enrol.confirmed-while-polling","push.enrol.replay"],"findings":[2]}
    {"id":"OOB-POLL-018","level":"should","verdict":"warn","reason":"got 403 invalid_grant, expected 400 access_denied","statement":"A rejected login is answered with the form that is documented","source":"protocol.md, OOB-POLL-018","extended":false,"cases":["push.challenge.form"],"findings":[3]}
    {"id":"OOB-POLL-030","level":"may","verdict":"pass","reason":null,"observed":true,"statement":"The tenant accepts a longer interval than it asked for","source":"protocol.md, OOB-POLL-030","extended":false,"cases":["push.challenge.form"],"findings":[]}
    {"id":"SMS-003","level":"must","verdict":"not-applicable","reason":"the target lacks `factor.sms`","statement":"The code from the message buys tokens","source":"protocol.md, SMS-003","extended":false,"cases":["sms.verify"],"findings":[]}
    "#);
    insta::assert_snapshot!(lines("cases").join("\n"), @r#"
    {"id":"push.enrol.confirmed-while-polling","title":"Alice enrols her phone by push and is signed in once the phone confirms","file":"scenarios/auth0/push/enrol.yaml","line":3,"tags":["push"],"verdict":"fail","reason":null,"took_ms":12,"n_exchanges":4}
    {"id":"push.challenge.rejected[decide_after=1]","title":"A push that the user rejects ends the login, at once and for good","file":"scenarios/auth0/push/enrol.yaml","line":3,"tags":["push"],"verdict":"fail","reason":null,"took_ms":12,"n_exchanges":13}
    {"id":"push.enrol.replay","title":"A code buys tokens once","file":"scenarios/auth0/push/enrol.yaml","line":3,"tags":["push"],"verdict":"fail","reason":null,"took_ms":12,"n_exchanges":2}
    {"id":"push.challenge.form","title":"A rejected login is told in the documented form","file":"scenarios/auth0/push/enrol.yaml","line":3,"tags":["push"],"verdict":"warn","reason":null,"took_ms":12,"n_exchanges":1}
    {"id":"sms.verify","title":"Not to be run","file":"scenarios/auth0/push/enrol.yaml","line":3,"tags":["push"],"verdict":"not-applicable","reason":"the target lacks `factor.sms`","took_ms":null,"n_exchanges":0}
    "#);
    insta::assert_snapshot!(lines("findings").join("\n"), @r#"
    {"requirements":["PUSH-ENROLL-006","PUSH-ENROLL-007"],"level":"must","case":"push.enrol.confirmed-while-polling","step":"wait","check":"outcomes","verdict":"fail","expected":"pending or tokens","actual":"rejected (403 invalid_grant)","place":{"file":"scenarios/auth0/push/enrol.yaml","line":41,"column":5},"exchange":4}
    {"requirements":["PUSH-ENROLL-007"],"level":"must","case":"push.challenge.rejected[decide_after=1]","step":"wait","check":"settles_within","verdict":"fail","expected":"a final outcome within 2 polls of the device's action","actual":"12 polls","place":{"file":"scenarios/auth0/push/enrol.yaml","line":41,"column":5},"exchange":17}
    {"requirements":["OOB-POLL-012"],"level":"must","case":"push.enrol.replay","step":"replay","check":"expect","verdict":"fail","expected":"refused","actual":"tokens (200)","place":{"file":"scenarios/auth0/push/enrol.yaml","line":41,"column":5},"exchange":19}
    {"requirements":["OOB-POLL-018"],"level":"should","case":"push.challenge.form","step":"wait","check":"outcomes","verdict":"warn","expected":"400 access_denied","actual":"403 invalid_grant","place":{"file":"scenarios/auth0/push/enrol.yaml","line":41,"column":5},"exchange":20}
    "#);
}

#[test]
fn strict_changes_verdicts_everywhere() {
    let story = story::instructive();
    let verdicts = |strict| {
        let report = report(&story, strict);
        ["requirements", "cases", "findings"].map(|list| {
            let items = report[list].as_array().unwrap();
            items
                .iter()
                .map(|item| item["verdict"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
    };
    assert!(
        verdicts(false)
            .iter()
            .all(|list| list.contains(&"warn".to_owned()))
    );
    assert!(
        verdicts(true)
            .iter()
            .all(|list| !list.contains(&"warn".to_owned()))
    );
}

#[test]
fn a_run_of_which_nothing_is_known() {
    insta::assert_snapshot!(json::render(&Run::default(), false), @r#"
    {
      "format": 1,
      "kind": "conformance",
      "pushproof": null,
      "exit": 4,
      "exit_meaning": "nothing selected",
      "complete": false,
      "strict": false,
      "interrupted": null,
      "run": null,
      "remarks": [],
      "contradictions": [],
      "requirements": [],
      "cases": [],
      "findings": [],
      "left_behind": []
    }
    "#);
}
