//! Finds the end of a serialized Java object ("Java Object Serialization Specification", chapter 6),
//! without a class, without an instance: the bytes are walked through and nothing comes of them but a
//! length.
//!
//! What a JCEKS holds is a `SealedObject`: two byte arrays and two strings. Objects, class descriptions,
//! strings, arrays, references, nulls and block data are walked through, whatever their class is; proxies,
//! enums, exceptions, resets and `Externalizable` are refused, as no sealed key has them.

use std::rc::Rc;

use super::super::{DecodeError, java::Cursor};
use crate::secret::Bytes;

/// One object with its stream header, as it stands in the file.
pub(super) fn object(cursor: &mut Cursor<'_>) -> Result<Bytes, DecodeError> {
    let start = cursor.position();
    let header = cursor.u32("the header of a serialized object")?;
    if header != HEADER {
        let reason = format!("a secret key begins with {header:08X}, not {HEADER:08X}");
        return Err(cursor.damaged(start, reason));
    }
    let mut walker = Walker {
        cursor,
        handles: Vec::new(),
        depth: 0,
    };
    walker.content()?;
    Ok(Bytes::from(cursor.since(start)))
}

struct Walker<'w, 'a> {
    cursor: &'w mut Cursor<'a>,
    /// What later references may mean; `None` for what is no class description.
    handles: Vec<Option<Rc<Class>>>,
    depth: usize,
}

/// As much of a class description as the length of its instances depends on.
struct Class {
    /// An array's elements; `None` if it is no array's class.
    element: Option<Kind>,
    /// `SC_WRITE_METHOD`: block data and objects stand behind the fields.
    annotated: bool,
    fields: Vec<Kind>,
    parent: Option<Rc<Class>>,
}

/// How a value is written.
#[derive(Clone, Copy)]
enum Kind {
    Bytes(usize),
    Object,
}

/// What one content was.
enum Found {
    Value,
    EndOfBlockData,
}

impl Walker<'_, '_> {
    /// One content, of whatever tag.
    fn content(&mut self) -> Result<Found, DecodeError> {
        let at = self.cursor.position();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.refused(at, "nested too deeply"));
        }
        let tag = self.cursor.u8(WHAT)?;
        match tag {
            NULL => {}
            REFERENCE => drop(self.reference()?),
            CLASS_DESCRIPTION => drop(self.new_class()?),
            OBJECT => {
                let class = self.class()?;
                self.remember(at, None)?;
                self.instance(class.as_deref())?;
            }
            STRING => {
                self.remember(at, None)?;
                self.cursor.text(WHAT)?;
            }
            ARRAY => self.array(at)?,
            BLOCK_DATA => {
                let length = self.cursor.u8(WHAT)?;
                self.cursor.take(usize::from(length), WHAT)?;
            }
            BLOCK_DATA_LONG => drop(self.cursor.sized(WHAT)?),
            END_BLOCK_DATA => {}
            _ => return Err(self.refused(at, &format!("a part with tag {tag:02X}"))),
        }
        self.depth -= 1;
        Ok(match tag {
            END_BLOCK_DATA => Found::EndOfBlockData,
            _ => Found::Value,
        })
    }

    /// Contents up to the end of block data.
    fn annotation(&mut self) -> Result<(), DecodeError> {
        while let Found::Value = self.content()? {}
        Ok(())
    }

    /// Something that must be a class description, new or referred to; `None` is null.
    fn class(&mut self) -> Result<Option<Rc<Class>>, DecodeError> {
        let at = self.cursor.position();
        match self.cursor.u8(WHAT)? {
            NULL => Ok(None),
            REFERENCE => match self.reference()? {
                Some(class) => Ok(Some(class)),
                None => Err(self.refused(at, "a reference to what is no class")),
            },
            CLASS_DESCRIPTION => self.new_class().map(Some),
            tag => Err(self.refused(at, &format!("tag {tag:02X} where a class is due"))),
        }
    }

    fn new_class(&mut self) -> Result<Rc<Class>, DecodeError> {
        let at = self.cursor.position();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.refused(at, "nested too deeply"));
        }
        let name = self.cursor.text(WHAT)?;
        self.cursor.take(SERIAL_VERSION, WHAT)?;
        let handle = self.handles.len();
        self.remember(at, None)?;
        let flags_at = self.cursor.position();
        let flags = self.cursor.u8(WHAT)?;
        if flags & EXTERNALIZABLE != 0 {
            return Err(self.refused(flags_at, "an Externalizable"));
        }
        let mut fields = Vec::new();
        for _ in 0..self.cursor.u16(WHAT)? {
            let at = self.cursor.position();
            let code = self.cursor.u8(WHAT)?;
            let kind = Kind::of(code).ok_or_else(|| self.refused(at, "a field of no type"))?;
            self.cursor.text(WHAT)?;
            if let Kind::Object = kind {
                // The name of the field's class: a string, new or referred to.
                self.content()?;
            }
            fields.push(kind);
        }
        self.annotation()?;
        let parent = self.class()?;
        let class = Rc::new(Class {
            element: name
                .strip_prefix('[')
                .and_then(|name| Kind::of(*name.as_bytes().first()?)),
            annotated: flags & WRITE_METHOD != 0,
            fields,
            parent,
        });
        if let Some(place) = self.handles.get_mut(handle) {
            *place = Some(Rc::clone(&class));
        }
        self.depth -= 1;
        Ok(class)
    }

    /// The fields of an object, those of its class's parents first.
    fn instance(&mut self, class: Option<&Class>) -> Result<(), DecodeError> {
        // No longer than MAX_DEPTH: a class description holds its parent's.
        let mut line: Vec<&Class> = Vec::new();
        let mut next = class;
        while let Some(class) = next {
            line.push(class);
            next = class.parent.as_deref();
        }
        for class in line.into_iter().rev() {
            for field in &class.fields {
                self.value(*field)?;
            }
            if class.annotated {
                self.annotation()?;
            }
        }
        Ok(())
    }

    fn array(&mut self, at: usize) -> Result<(), DecodeError> {
        let class = self.class()?;
        self.remember(at, None)?;
        let element = class.and_then(|class| class.element);
        let Some(element) = element else {
            return Err(self.refused(at, "an array of no type"));
        };
        let smallest = match element {
            Kind::Bytes(width) => width,
            Kind::Object => 1,
        };
        for _ in 0..self.cursor.count("elements of an array", smallest)? {
            self.value(element)?;
        }
        Ok(())
    }

    fn value(&mut self, kind: Kind) -> Result<(), DecodeError> {
        match kind {
            Kind::Bytes(width) => self.cursor.take(width, WHAT).map(drop),
            Kind::Object => self.content().map(drop),
        }
    }

    fn reference(&mut self) -> Result<Option<Rc<Class>>, DecodeError> {
        let at = self.cursor.position();
        let handle = self.cursor.u32(WHAT)?.checked_sub(FIRST_HANDLE);
        let found = handle.and_then(|at| self.handles.get(usize::try_from(at).ok()?));
        found
            .cloned()
            .ok_or_else(|| self.refused(at, "a reference to nothing"))
    }

    fn remember(&mut self, at: usize, class: Option<Rc<Class>>) -> Result<(), DecodeError> {
        if self.handles.len() == MAX_HANDLES {
            return Err(self.refused(at, "too many objects"));
        }
        self.handles.push(class);
        Ok(())
    }

    fn refused(&self, at: usize, what: &str) -> DecodeError {
        let reason = format!("a secret key's serialized object has {what}");
        self.cursor.damaged(at, reason)
    }
}

impl Kind {
    /// By the type code of a field or of an array's elements.
    fn of(code: u8) -> Option<Self> {
        Some(match code {
            b'B' | b'Z' => Self::Bytes(1),
            b'C' | b'S' => Self::Bytes(2),
            b'F' | b'I' => Self::Bytes(4),
            b'D' | b'J' => Self::Bytes(8),
            b'L' | b'[' => Self::Object,
            _ => return None,
        })
    }
}

const WHAT: &str = "a part of a secret key";
/// Magic number and version 5.
const HEADER: u32 = 0xACED_0005;
const FIRST_HANDLE: u32 = 0x7E_0000;
const SERIAL_VERSION: usize = 8;
const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS_DESCRIPTION: u8 = 0x72;
const OBJECT: u8 = 0x73;
const STRING: u8 = 0x74;
const ARRAY: u8 = 0x75;
const BLOCK_DATA: u8 = 0x77;
const END_BLOCK_DATA: u8 = 0x78;
const BLOCK_DATA_LONG: u8 = 0x7A;
const WRITE_METHOD: u8 = 1;
const EXTERNALIZABLE: u8 = 4;
/// Ours. A sealed key nests 4 deep (object, class, parent's class, field's type).
const MAX_DEPTH: usize = 16;
/// Ours. A sealed key has 9 objects.
const MAX_HANDLES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::Format;

    fn walk(bytes: &[u8]) -> Result<usize, DecodeError> {
        let mut cursor = Cursor::new(Format::Jceks, bytes);
        object(&mut cursor).map(|sealed| {
            assert_eq!(sealed.len(), cursor.position());
            cursor.position()
        })
    }

    fn stream(parts: &[&[u8]]) -> Vec<u8> {
        [&HEADER.to_be_bytes()[..], &parts.concat()].concat()
    }

    /// A class description without parent: name of one letter, flags, fields.
    fn class(name: u8, flags: u8, fields: &[&[u8]], parent: &[u8]) -> Vec<u8> {
        let count = (fields.len() as u16).to_be_bytes();
        let head = [&[CLASS_DESCRIPTION, 0, 1, name][..], &[0; 8], &[flags]].concat();
        [
            &head[..],
            &count,
            &fields.concat(),
            &[END_BLOCK_DATA],
            parent,
        ]
        .concat()
    }

    #[test]
    fn an_object_ends_behind_its_fields_its_parents_first() {
        let parent = class(b'P', 2, &[b"J\0\x01j", b"B\0\x01b"], &[NULL]);
        let string = [b"L\0\x01s".as_slice(), &[STRING, 0, 2], b"LS"].concat();
        let child = class(b'C', 3, &[b"I\0\x01i", &string], &parent);
        let fields = [&[0; 9 + 4][..], &[STRING, 0, 1, b'x']].concat();
        let annotation = [BLOCK_DATA, 2, 0, 0, NULL, END_BLOCK_DATA];
        let bytes = stream(&[&[OBJECT], &child, &fields, &annotation]);
        assert_eq!(walk(&[&bytes[..], b"next entry"].concat()), Ok(bytes.len()));
        for end in 0..bytes.len() {
            let cut = walk(&bytes[..end]).unwrap_err();
            assert!(matches!(cut, DecodeError::Truncated { .. }), "{end}: {cut}");
        }
    }

    #[test]
    fn an_array_is_as_long_as_its_elements() {
        let mut longs = class(b'[', 2, &[], &[NULL]);
        longs.splice(1..4, *b"\0\x02[J");
        let bytes = stream(&[&[ARRAY], &longs, &[0, 0, 0, 2], &[0; 16]]);
        assert_eq!(walk(&bytes), Ok(bytes.len()));
        let huge = stream(&[&[ARRAY], &longs, &[0xFF; 4], &[0; 16]]);
        assert!(matches!(walk(&huge), Err(DecodeError::Truncated { .. })));
    }

    #[test]
    fn what_no_sealed_key_has_is_refused_and_nothing_runs_away() {
        // a class whose annotation is a class whose annotation …
        let head = [&[CLASS_DESCRIPTION, 0, 1, b'C'][..], &[0; 8], &[2, 0, 0]].concat();
        let deep = stream(&[&[OBJECT], &head.repeat(50)]);
        let nested: Vec<u8> = (0..40)
            .rev()
            .fold(vec![NULL], |parent, _| class(b'C', 2, &[], &parent));
        let many = stream(&[
            &[OBJECT],
            &class(b'C', 3, &[], &[NULL]),
            &[STRING, 0, 0].repeat(400),
        ]);
        for bytes in [
            deep,
            stream(&[&[OBJECT], &nested]),
            many,
            stream(&[&[OBJECT], &class(b'C', 12, &[], &[NULL])]),
            stream(&[&[OBJECT, REFERENCE, 0, 0x7E, 0, 0]]),
            stream(&[&[OBJECT, REFERENCE, 0, 0, 0, 0]]),
            stream(&[&[ARRAY], &class(b'C', 2, &[], &[NULL]), &[0; 8]]),
            // an enum, a proxy, a reset
            stream(&[&[0x7E]]),
            stream(&[&[0x7D]]),
            stream(&[&[0x79]]),
            vec![0; 64],
        ] {
            let refused = walk(&bytes).unwrap_err();
            assert!(matches!(refused, DecodeError::Damaged { .. }), "{refused}");
        }
    }
}
