//! What a CI system reads: JUnit's XML.

use proptest::prelude::*;
use pushproof_report::render::junit;
use pushproof_report::{Event, Run, Verdict};

use crate::story::{self, Story};

fn report(story: &Story, strict: bool) -> String {
    let text = junit::render(&Run::fold(story.events()), strict);
    roxmltree::Document::parse(&text).expect("a report is well-formed");
    text
}

/// One case of each verdict.
fn verdicts() -> Story {
    let mut story = Story::new(&story::REQUIREMENTS);
    let verdicts = [
        ("push.passes", Verdict::Pass),
        ("push.fails", Verdict::Fail),
        ("push.warns", Verdict::Warn),
        ("push.is-known", Verdict::Known),
        ("push.is-flaky", Verdict::Flaky),
        ("push.is-inconclusive", Verdict::Inconclusive),
        ("push.could-not-run", Verdict::CouldNotRun),
    ];
    for (id, _) in verdicts {
        story.plan(id, "A case", &["go.expect: OOB-POLL-012"]);
    }
    story.plan_without(
        "push.is-not-applicable",
        "factor.push",
        &["go.expect: OOB-POLL-012"],
    );
    for (id, verdict) in verdicts {
        let reason = (verdict != Verdict::Pass).then_some("because <&> \"so\"");
        story.start(id).finish(verdict, reason);
    }
    story.end(10);
    story
}

#[test]
fn each_verdict() {
    insta::assert_snapshot!(report(&verdicts(), false), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="pushproof" tests="8" failures="2" errors="2" skipped="1" time="0.812">
      <testsuite name="scenarios/auth0/push/enrol.yaml" timestamp="2026-11-03T09:00:00Z" tests="8" failures="2" errors="2" skipped="1" time="0.084">
        <properties>
          <property name="run" value="k3f9"/>
          <property name="pushproof" value="0.1.0"/>
          <property name="target" value="staging"/>
          <property name="dialect" value="auth0"/>
          <property name="profile" value="documented"/>
          <property name="seed" value="7"/>
        </properties>
        <testcase name="push.passes" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.012">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="pass"/>
          </properties>
        </testcase>
        <testcase name="push.fails" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.012">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="fail"/>
          </properties>
          <failure message="because &lt;&amp;&gt; &quot;so&quot;" type="fail"/>
        </testcase>
        <testcase name="push.warns" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.012">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="warn"/>
          </properties>
          <system-out>warn: because &lt;&amp;&gt; "so"
    </system-out>
        </testcase>
        <testcase name="push.is-known" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.012">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="known"/>
          </properties>
          <system-out>known: because &lt;&amp;&gt; "so"
    </system-out>
        </testcase>
        <testcase name="push.is-flaky" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.012">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="flaky"/>
          </properties>
          <failure message="because &lt;&amp;&gt; &quot;so&quot;" type="flaky"/>
        </testcase>
        <testcase name="push.is-inconclusive" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.012">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="inconclusive"/>
          </properties>
          <error message="because &lt;&amp;&gt; &quot;so&quot;" type="inconclusive"/>
        </testcase>
        <testcase name="push.could-not-run" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.012">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="could-not-run"/>
          </properties>
          <error message="because &lt;&amp;&gt; &quot;so&quot;" type="could-not-run"/>
        </testcase>
        <testcase name="push.is-not-applicable" classname="scenarios.auth0.push.enrol" file="scenarios/auth0/push/enrol.yaml" line="3" time="0.000">
          <properties>
            <property name="requirement" value="OOB-POLL-012"/>
            <property name="verdict" value="not-applicable"/>
          </properties>
          <skipped message="the target lacks `factor.push`"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn strict_makes_a_failure_of_a_warning() {
    let text = report(&verdicts(), true);
    let head = text.lines().nth(1).unwrap();
    insta::assert_snapshot!(head, @r#"<testsuites name="pushproof" tests="8" failures="3" errors="2" skipped="1" time="0.812">"#);
}

#[test]
fn a_failure_has_its_evidence() {
    let text = report(&story::instructive(), false);
    let failure = text.split("<failure").nth(1).unwrap();
    insta::assert_snapshot!(failure.split("</failure>").next().unwrap(), @r#"
    message="got rejected (403 invalid_grant), expected pending or tokens" type="fail">fail: PUSH-ENROLL-006, PUSH-ENROLL-007 (wait.outcomes): got rejected (403 invalid_grant), expected pending or tokens
     at scenarios/auth0/push/enrol.yaml:41:5
     reply: 403 {"error":"rejected|invalid_grant"}
     again: curl -sS https://tenant.example.com/oauth/token \
     -d oob_code=$OOB_CODE
    "#);
}

/// Text that is hostile to XML, to terminals and to people.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x20<>&\"'\\]\u{7f}-\u{9f}\u{202a}-\u{202e}\u{fffe}\u{ffff}a]{0,20}",
        Just("]]><!-- ?> <![CDATA[".to_owned()),
    ]
}

proptest! {
    #[test]
    fn it_is_well_formed_and_says_the_text(reason in hostile(), id in hostile(), file in hostile()) {
        let mut story = Story::new(&story::REQUIREMENTS);
        let mut events = story.plan("x", "A case", &["go.expect: OOB-POLL-012"]).start("x").finish(Verdict::Fail, Some(&reason)).events();
        for event in &mut events {
            match event {
                Event::CasePlanned { case, .. } => (case.id, case.file) = (id.clone(), file.clone()),
                Event::CaseStarted { case } | Event::CaseFinished { case, .. } => case.clone_from(&id),
                _ => {}
            }
        }
        let text = junit::render(&Run::fold(events), false);
        let document = roxmltree::Document::parse(&text);
        prop_assert!(document.is_ok(), "{:?} in\n{text}", document.err());
        let document = document.unwrap();
        let find = |name: &str| document.descendants().find(|node| node.has_tag_name(name)).unwrap();
        let seen = |text: &str| -> String {
            text.chars().filter(|char| matches!(char, '\n' | '\t') || pushproof_report::sanitize(&char.to_string(), 1).chars().count() == 1)
                .filter(|char| !matches!(char, '\u{fffe}' | '\u{ffff}')).collect()
        };
        prop_assert_eq!(find("failure").attribute("message").unwrap(), seen(&reason));
        prop_assert_eq!(find("testcase").attribute("name").unwrap(), seen(&id));
        prop_assert_eq!(find("testsuite").attribute("name").unwrap(), seen(&file));
    }
}
