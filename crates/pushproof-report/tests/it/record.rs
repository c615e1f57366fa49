//! What is written is what was told, without secrets; what was written is read, even if it was cut.

use std::io::{self, Write};
use std::sync::Arc;

use proptest::prelude::*;
use pushproof_report::{Event, ReadError, RecordWriter, Redactor, Run, read, scan_line};

use crate::story::{self, REQUIREMENTS, Story};

fn redactor() -> Arc<Redactor> {
    Arc::new(Redactor::new([7; 32]))
}

/// The record of these events, and the events as the writer gave them back.
fn written(events: Vec<Event>, redactor: &Arc<Redactor>) -> (Vec<u8>, Vec<Event>) {
    let mut writer = RecordWriter::new(Vec::new(), Arc::clone(redactor));
    let times = (0..).step_by(3);
    let events = times
        .zip(events)
        .map(|(at_ms, event)| writer.write(at_ms, event).unwrap())
        .collect();
    (writer.into_inner(), events)
}

fn record() -> Vec<u8> {
    written(story::instructive().end(10).events(), &redactor()).0
}

#[test]
fn a_line_is_one_event() {
    let mut story = Story::new(&REQUIREMENTS[..1]);
    story
        .start("one")
        .step("wait", "The app asks")
        .poll(1, 5_000, "pending 400")
        .end(0);
    let (record, _) = written(story.events()[1..].to_vec(), &redactor());
    insta::assert_snapshot!(String::from_utf8(record).unwrap(), @r#"
    {"v":1,"seq":0,"at_ms":0,"kind":"case-started","case":"one"}
    {"v":1,"seq":1,"at_ms":3,"kind":"step-started","case":"one","step":"wait","say":"The app asks"}
    {"v":1,"seq":2,"at_ms":6,"kind":"exchanged","case":"one","step":"wait","exchange":1,"poll":1,"case_ms":5000,"operation":"token.mfa_oob","request":{"method":"POST","url":"https://tenant.example.com/oauth/token","headers":[],"body":"oob_code=‹oob_code: 43 chars, #03aa›","curl":"curl -sS https://tenant.example.com/oauth/token \\\n  -d oob_code=$OOB_CODE"},"reply":{"status":400,"headers":[["content-type","application/json"]],"body":"{\"error\":\"pending\"}"},"failure":null,"outcomes":["pending"],"took_us":830}
    {"v":1,"seq":3,"at_ms":9,"kind":"run-finished","exit":0,"complete":true,"took_ms":812}
    "#);
}

#[test]
fn the_fold_of_a_record_is_the_fold_of_the_run() {
    let events = story::instructive().end(10).events();
    let (record, given) = written(events.clone(), &redactor());
    let read = read(&record[..]).unwrap();
    assert_eq!(read.cut, None);
    let again: Vec<_> = read.events().collect();
    assert_eq!(again, events);
    assert_eq!(Run::fold(again), Run::fold(given));
}

#[test]
fn an_echoed_secret_is_neither_written_nor_given_back() {
    let redactor = redactor();
    redactor.learn("oob_code", "Fe26.2**0c/d=4+f");
    let mut story = Story::new(&REQUIREMENTS[..1]);
    story
        .start("one")
        .step("wait", "It echoes Fe26.2%2A%2A0c%2Fd%3D4%2Bf")
        .poll(1, 0, "Fe26.2**0c/d=4+f 400");
    let (record, given) = written(story.events()[2..].to_vec(), &redactor);
    let text = String::from_utf8(record).unwrap();
    insta::assert_snapshot!(text.lines().next().unwrap(), @r#"{"v":1,"seq":0,"at_ms":0,"kind":"step-started","case":"one","step":"wait","say":"It echoes ‹oob_code: 16 chars, #81d6›"}"#);
    assert_eq!(redactor.scan(&text), None);
    assert_eq!(redactor.scan(&format!("{given:?}")), None);
}

/// A tenant may hand them out as tokens. They are in every record, so nothing is told by them, and nothing is lost for them.
#[test]
fn words_of_the_record_itself_are_no_secrets() {
    let redactor = redactor();
    for word in [
        "acknowledged",
        "case-finished",
        "took_us\":830}",
        "\",\"took_us\":",
    ] {
        redactor.learn("mfa_token", word);
    }
    let events = story::instructive().end(10).events();
    let (record, given) = written(events.clone(), &redactor);
    assert_eq!(given, events);
    let text = String::from_utf8(record).unwrap();
    assert!(
        text.lines()
            .all(|line| scan_line(line, &redactor).is_none())
    );
}

/// Whatever is told before the first case starts is known before the endpoint says a word.
#[test]
fn names_of_cases_are_no_secrets() {
    let redactor = redactor();
    let mut story = Story::new(&REQUIREMENTS[..1]);
    story
        .start("push.challenge.rejected[decide_after=0]")
        .end(0);
    let mut events = story.events();
    let rest = events.split_off(2);
    let mut writer = RecordWriter::new(Vec::new(), Arc::clone(&redactor));
    for event in events {
        writer.write(0, event).unwrap();
    }
    redactor.learn("mfa_token", "push.challenge.rejected[decide_after=0]");
    for event in rest {
        assert_eq!(writer.write(0, event.clone()).unwrap(), event);
    }
}

#[test]
fn an_empty_line_that_an_editor_left_is_no_mistake() {
    let record = String::from_utf8(record()).unwrap();
    let whole = read(record.as_bytes()).unwrap();
    let spaced = record.replacen('\n', "\n\n", 1) + "\n";
    assert_eq!(read(spaced.as_bytes()).unwrap().lines, whole.lines);
}

#[test]
fn what_is_not_a_record_is_told_with_its_line() {
    let record = String::from_utf8(record()).unwrap();
    let lines: Vec<_> = record.lines().take(3).collect();
    let said = |lines: &[&str]| {
        let error = read((lines.join("\n") + "\n").as_bytes()).unwrap_err();
        let source =
            std::error::Error::source(&error).map(|source| format!("\n  caused by: {source}"));
        format!("{error}{}", source.unwrap_or_default())
    };
    insta::assert_snapshot!(said(&[lines[0], "{\"v\":1}"]), @"
    line 2 of the record is not an event
      caused by: missing field `seq`
    ");
    insta::assert_snapshot!(said(&[lines[0], &lines[1].replace("\"v\":1", "\"v\":2")]), @"line 2 of the record has version 2, known is 1");
    insta::assert_snapshot!(said(&[lines[0], lines[2]]), @"line 2 of the record has number 2 instead of 1");
    insta::assert_snapshot!(said(&[lines[0], &lines[1].replace("case-planned", "case-dreamt")]), @"
    line 2 of the record is not an event
      caused by: unknown variant `case-dreamt`, expected one of `run-started`, `case-planned`, `case-started`, `step-started`, `exchanged`, `acted`, `waited`, `judged`, `case-finished`, `instance-started`, `instance-finished`, `known-deviation`, `troubled`, `probed`, `held-back`, `user-made`, `user-deleted`, `left-behind`, `interrupted`, `run-finished`
    ");
}

#[test]
fn an_unknown_member_is_no_error() {
    let record = String::from_utf8(record())
        .unwrap()
        .replace("\"v\":1,", "\"v\":1,\"new\":[1],");
    assert_eq!(
        read(record.as_bytes()).unwrap(),
        read(&self::record()[..]).unwrap()
    );
}

#[test]
fn an_output_that_fails_is_told_with_its_line() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("disk full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = RecordWriter::new(Full, redactor());
    let event = Event::Interrupted {
        signal: "SIGINT".to_owned(),
    };
    insta::assert_snapshot!(writer.write(0, event).unwrap_err(), @"writing line 0 of the record");
}

proptest! {
    #[test]
    fn a_record_cut_anywhere_reads_up_to_its_last_whole_line(at: prop::sample::Index) {
        let record = record();
        let cut = &record[..at.index(record.len() + 1)];
        let whole = read(&record[..]).unwrap().lines;
        let read = read(cut).unwrap();
        let ended = cut.iter().filter(|&&byte| byte == b'\n').count();
        // A line that lacks nothing but its line end is whole.
        prop_assert!((ended..=ended + 1).contains(&read.lines.len()));
        prop_assert_eq!(&whole[..read.lines.len()], &read.lines[..]);
        let is_whole = cut.is_empty() || cut.ends_with(b"\n") || read.lines.len() > ended;
        prop_assert_eq!(read.cut.is_none(), is_whole);
    }

    #[test]
    fn any_text_survives_the_record(text: String, at_ms: u64) {
        let event = Event::LeftBehind { case: text.clone(), what: text };
        let mut writer = RecordWriter::new(Vec::new(), redactor());
        prop_assert_eq!(&writer.write(at_ms, event.clone()).unwrap(), &event);
        let lines = read(&writer.into_inner()[..]).unwrap().lines;
        prop_assert_eq!(lines.len(), 1);
        prop_assert_eq!(lines[0].at_ms, at_ms);
        prop_assert_eq!(&lines[0].event, &event);
    }

    #[test]
    fn what_is_no_record_is_an_error_and_no_panic(mut bytes: Vec<u8>) {
        bytes.extend(b"x\n");
        let not_an_event = matches!(read(&bytes[..]), Err(ReadError::NotAnEvent { .. }));
        prop_assert!(not_an_event);
    }
}

/// The envelope has `at_ms` too; two members of one name would be one.
#[test]
fn no_member_of_an_event_has_a_name_of_the_envelope() {
    let case = || "c".to_owned();
    let events = [
        Event::Troubled {
            case: case(),
            step: "s".to_owned(),
            exchange: None,
            at_ms: 7,
            what: "reset".to_owned(),
            to: pushproof_report::Attribution::Environment,
            then: pushproof_report::Remedy::SentAgain,
        },
        Event::Probed {
            case: case(),
            step: "s".to_owned(),
            at_ms: 7,
            asked: "GET /".to_owned(),
            came: "200".to_owned(),
            alive: true,
            took_us: 5,
            lag_us: 1,
        },
    ];
    for event in events {
        let mut writer = RecordWriter::new(Vec::new(), Arc::new(Redactor::new([7; 32])));
        assert_eq!(writer.write(99, event.clone()).unwrap(), event);
    }
}

#[test]
fn an_empty_line_is_no_event_and_no_harm() {
    let mut bytes = record();
    let lines = read(&bytes[..]).unwrap().lines.len();
    bytes.extend(b"\n \n");
    let again = read(&bytes[..]).unwrap();
    assert_eq!((again.lines.len(), again.cut), (lines, None));
}
