//! `FromStr` of a [`Shape`]: reads the notation of the crate page.
//!
//! More is read than printed (any order of members, any blanks after a colon, comments), but nothing is guessed: a text
//! that says something twice is an error.

mod union;

mod cursor;

mod problem;

use std::collections::BTreeMap;
use std::str::FromStr;

use self::cursor::{Cursor, Line, Token};
pub use self::problem::{ParseError, Problem};
use self::union::{Room, Union};
use crate::path::label;
use crate::shape::{MEMBERS_MAX, Member, NAME_CHARS_MAX, Object, Shape, is_short};

/// Spaces by which each level is indented.
const INDENT: usize = 2;

impl FromStr for Shape {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let lines = cursor::lines(text)?;
        let Some(first) = lines.first().cloned() else {
            return Err(ParseError {
                line: 1,
                column: 1,
                problem: Problem::Empty,
            });
        };
        if first.indent > 0 {
            return Err(first.error(Problem::Indent {
                expected: 0,
                found: first.indent,
            }));
        }
        let mut parser = Parser { lines, at: 0 };
        let shape = if first.is_member() {
            parser.headless()?
        } else {
            parser.headed(&first)?
        };
        match parser.lines.get(parser.at) {
            None => Ok(shape),
            Some(line) => Err(line.error(Problem::NoPlace)),
        }
    }
}

struct Parser<'t> {
    lines: Vec<Line<'t>>,
    /// The next line to read.
    at: usize,
}

/// The entries below a line.
#[derive(Default)]
struct Block {
    members: BTreeMap<String, Member>,
    element: Option<Shape>,
    value: Option<Shape>,
}

impl<'t> Parser<'t> {
    /// The members of an object at the top.
    fn headless(&mut self) -> Result<Shape, ParseError> {
        let block = self.block(
            0,
            0,
            Room {
                members: true,
                ..Room::default()
            },
        )?;
        Ok(Shape {
            object: Some(Object::Members(block.members)),
            ..Shape::nothing()
        })
    }

    fn headed(&mut self, first: &Line<'t>) -> Result<Shape, ParseError> {
        self.at = 1;
        self.shape(first.cursor(), 0, 0)
    }

    /// The rest of a line that is already taken, from the cursor on, and the block below it.
    fn shape(
        &mut self,
        mut cursor: Cursor<'t>,
        indent: usize,
        depth: usize,
    ) -> Result<Shape, ParseError> {
        let mut union = Union::default();
        loop {
            if let Some(of) = union.read(&mut cursor, depth)? {
                let inner = self.shape(cursor, indent, depth + 1)?;
                return Ok(union.close_with(of, inner));
            }
            match cursor.next()? {
                Token::Bar => {}
                Token::End => break,
                Token::Word(_) | Token::Text(_) | Token::Other => {
                    return Err(cursor.error(Problem::Expected("`|` or the end of the line")));
                }
            }
        }
        let block = self.block(indent + INDENT, depth, union.room())?;
        union.close(block, &cursor)
    }

    /// The lines that are indented more than the line above them, or all lines at the top.
    fn block(&mut self, indent: usize, depth: usize, room: Room) -> Result<Block, ParseError> {
        let mut block = Block::default();
        while let Some(line) = self
            .lines
            .get(self.at)
            .filter(|line| line.indent + INDENT > indent)
            .cloned()
        {
            if line.indent != indent {
                return Err(line.error(Problem::Indent {
                    expected: indent,
                    found: line.indent,
                }));
            }
            self.at += 1;
            match line.marker() {
                Some('-') if room.element => self.held(&mut block.element, &line, depth)?,
                Some('*') if room.value => self.held(&mut block.value, &line, depth)?,
                None if room.members => self.member(&mut block.members, &line, depth)?,
                _ => return Err(line.error(Problem::NoPlace)),
            }
        }
        Ok(block)
    }

    /// A `- ` or `* ` entry.
    fn held(
        &mut self,
        slot: &mut Option<Shape>,
        line: &Line<'t>,
        depth: usize,
    ) -> Result<(), ParseError> {
        if slot.is_some() {
            return Err(line.error(Problem::Twice(
                line.marker().map(String::from).unwrap_or_default(),
            )));
        }
        *slot = Some(self.shape(line.cursor_after_marker(), line.indent, depth + 1)?);
        Ok(())
    }

    fn member(
        &mut self,
        members: &mut BTreeMap<String, Member>,
        line: &Line<'t>,
        depth: usize,
    ) -> Result<(), ParseError> {
        let mut cursor = line.cursor();
        let (name, required) = cursor.member_label()?;
        if !is_short(&name, NAME_CHARS_MAX) {
            return Err(line.error(Problem::Bound {
                what: "characters of a name",
                most: NAME_CHARS_MAX,
            }));
        }
        if members.contains_key(&name) {
            return Err(line.error(Problem::Twice(label(&name))));
        }
        if members.len() == MEMBERS_MAX {
            return Err(line.error(Problem::Bound {
                what: "members of an object",
                most: MEMBERS_MAX,
            }));
        }
        let shape = self.shape(cursor, line.indent, depth + 1)?;
        members.insert(name, Member { required, shape });
        Ok(())
    }
}
