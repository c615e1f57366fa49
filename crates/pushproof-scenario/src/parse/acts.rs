//! What devices do, and what is expected of them.

use super::{Parser, name_of};
use crate::ast::{Act, ActExpect, Capture, DeviceStep, From};
use crate::fields::Fields;
use crate::grammar;
use crate::yaml::Entry;

impl Parser<'_> {
    pub(super) fn act(&self, fields: &mut Fields<'_>) -> Option<Act> {
        let device = fields.need_text("device");
        let action = fields.need_text("do");
        let with = fields
            .take("with")
            .map(|node| self.with(node))
            .unwrap_or_default();
        Some(Act {
            device: device?,
            action: action?,
            with,
        })
    }

    pub(super) fn act_expect(&self, fields: &mut Fields<'_>) -> ActExpect {
        let Some(node) = fields.take("expect") else {
            return ActExpect::Acknowledged;
        };
        let items = self.reader.some(node, "`expect`").unwrap_or_default();
        let read: Vec<ActExpect> = items
            .into_iter()
            .filter_map(|item| {
                self.reader
                    .word(item, "answer to an action", &grammar::ANSWERS)
            })
            .collect();
        match read[..] {
            [one] => one,
            [] => ActExpect::Acknowledged,
            _ => ActExpect::Either,
        }
    }

    pub(super) fn device(&self, fields: &mut Fields<'_>) -> Option<DeviceStep> {
        let act = self.act(fields);
        let expect = self.act_expect(fields);
        let entries = fields
            .take("capture")
            .map(|node| self.reader.entries(node, "`capture`"))
            .unwrap_or(&[]);
        let capture = |entry: &Entry| {
            self.check_name(entry);
            let what = self.reader.text(&entry.value, "what was read")?;
            Some(Capture {
                name: name_of(entry),
                from: From::Read(what.value),
                optional: false,
            })
        };
        let captures = entries.iter().filter_map(capture).collect();
        Some(DeviceStep {
            act: act?,
            expect,
            captures,
        })
    }
}
