//! [`Union`]: the alternatives of one line while they are read.

use super::cursor::{Cursor, Token};
use super::{Block, ParseError, Problem};
use crate::shape::{CONSTANT_CHARS_MAX, DEPTH_MAX, Number, Object, Shape, is_short};
use crate::text::{Kind, Says, Text};

#[derive(Default)]
pub(super) struct Union {
    /// What is read so far; an object still without members.
    shape: Shape,
    room: Room,
    /// `nothing` leaves no trace in the shape.
    is_nothing: bool,
    /// How many alternatives.
    count: usize,
}

/// Which entries may stand below a line.
#[derive(Clone, Copy, Default)]
pub(super) struct Room {
    pub(super) members: bool,
    /// `- SHAPE`
    pub(super) element: bool,
    /// `* SHAPE`
    pub(super) value: bool,
}

impl Room {
    fn is_empty(self) -> bool {
        !self.members && !self.element && !self.value
    }
}

/// A word after which `of` was read: what follows is what it holds.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Array,
    Map,
}

impl Union {
    /// Reads one alternative. If it ends with `of`, the rest of the line is not the union's.
    pub(super) fn read(
        &mut self,
        cursor: &mut Cursor<'_>,
        depth: usize,
    ) -> Result<Option<Of>, ParseError> {
        let token = cursor.next()?;
        self.count += 1;
        let of = match token {
            Token::Word(word @ ("array" | "object" | "map")) => {
                self.read_container(word, cursor, depth)?
            }
            Token::Word("secret") => self.read_secret(cursor).map(|()| None)?,
            Token::Word(word) => self.put_word(word, cursor).map(|()| None)?,
            Token::Text(constant) => self.put_constant(constant, cursor).map(|()| None)?,
            Token::Bar | Token::End | Token::Other => {
                return Err(cursor.error(Problem::Expected("a shape")));
            }
        };
        self.check_alone(cursor)?;
        Ok(of)
    }

    pub(super) fn room(&self) -> Room {
        self.room
    }

    pub(super) fn close_with(mut self, of: Of, inner: Shape) -> Shape {
        let inner = Box::new(inner);
        match of {
            Of::Array => self.shape.array = Some(inner),
            Of::Map => self.shape.object = Some(Object::Map(inner)),
        }
        self.shape
    }

    pub(super) fn close(mut self, block: Block, cursor: &Cursor<'_>) -> Result<Shape, ParseError> {
        let missing = |marker| cursor.error_at_line(Problem::NoEntry(marker));
        if self.room.element {
            self.shape.array = Some(Box::new(block.element.ok_or_else(|| missing('-'))?));
        }
        if self.room.value {
            self.shape.object = Some(Object::Map(Box::new(
                block.value.ok_or_else(|| missing('*'))?,
            )));
        }
        if self.room.members {
            self.shape.object = Some(Object::Members(block.members));
        }
        Ok(self.shape)
    }

    fn read_container(
        &mut self,
        word: &str,
        cursor: &mut Cursor<'_>,
        depth: usize,
    ) -> Result<Option<Of>, ParseError> {
        if depth == DEPTH_MAX {
            return Err(cursor.error(Problem::Bound {
                what: "levels",
                most: DEPTH_MAX,
            }));
        }
        let (is_taken, of) = match word {
            "array" => (self.room.element, Some((Of::Array, "array"))),
            "map" => (self.room.members || self.room.value, Some((Of::Map, "map"))),
            _ => (self.room.members || self.room.value, None),
        };
        if is_taken {
            return Err(cursor.error(Problem::Twice(word.to_owned())));
        }
        let at_word = cursor.clone();
        match of {
            Some((of, word)) if cursor.take_of() => {
                return if self.room.is_empty() {
                    Ok(Some(of))
                } else {
                    Err(at_word.error(Problem::Crowded(word)))
                };
            }
            Some((Of::Array, _)) => self.room.element = true,
            Some((Of::Map, _)) => self.room.value = true,
            None => self.room.members = true,
        }
        Ok(None)
    }

    fn read_secret(&mut self, cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
        let kind = match cursor.next()? {
            Token::Word(word) => Kind::from_word(word),
            Token::Text(_) | Token::Bar | Token::End | Token::Other => None,
        };
        let expected = Problem::Expected("`string`, `uuid`, `url`, `jwt` or `time`");
        let kind = kind.ok_or_else(|| cursor.error(expected))?;
        self.put_text(
            Text {
                secret: true,
                says: Says::Kind(kind),
            },
            cursor,
        )
    }

    fn put_constant(&mut self, constant: String, cursor: &Cursor<'_>) -> Result<(), ParseError> {
        if !is_short(&constant, CONSTANT_CHARS_MAX) {
            return Err(cursor.error(Problem::Bound {
                what: "characters of a constant",
                most: CONSTANT_CHARS_MAX,
            }));
        }
        self.put_text(
            Text {
                secret: false,
                says: Says::Constant(constant),
            },
            cursor,
        )
    }

    fn put_word(&mut self, word: &str, cursor: &Cursor<'_>) -> Result<(), ParseError> {
        let flag = match word {
            "anything" => &mut self.shape.anything,
            "nothing" => &mut self.is_nothing,
            "null" => &mut self.shape.null,
            "boolean" => &mut self.shape.boolean,
            "integer" => return self.put_number(Number::Integer, cursor),
            "number" => return self.put_number(Number::Any, cursor),
            _ => {
                let unknown = || cursor.error(Problem::UnknownWord(word.to_owned()));
                return self.put_text(
                    Text::of_kind(Kind::from_word(word).ok_or_else(unknown)?),
                    cursor,
                );
            }
        };
        unless_twice(std::mem::replace(flag, true), word, cursor)
    }

    fn put_number(&mut self, number: Number, cursor: &Cursor<'_>) -> Result<(), ParseError> {
        unless_twice(
            self.shape.number.replace(number).is_some(),
            "number",
            cursor,
        )
    }

    fn put_text(&mut self, text: Text, cursor: &Cursor<'_>) -> Result<(), ParseError> {
        unless_twice(self.shape.text.replace(text).is_some(), "string", cursor)
    }

    fn check_alone(&self, cursor: &Cursor<'_>) -> Result<(), ParseError> {
        match (self.shape.anything, self.is_nothing) {
            (true, _) if self.count > 1 => Err(cursor.error(Problem::NotAlone("anything"))),
            (_, true) if self.count > 1 => Err(cursor.error(Problem::NotAlone("nothing"))),
            _ => Ok(()),
        }
    }
}

fn unless_twice(is_taken: bool, what: &str, cursor: &Cursor<'_>) -> Result<(), ParseError> {
    if is_taken {
        Err(cursor.error(Problem::Twice(what.to_owned())))
    } else {
        Ok(())
    }
}
