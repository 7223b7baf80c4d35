//! Where everything stands on a screen of a given size: pure arithmetic, used by the view, the mouse and the panes.

use ratatui::layout::{Rect, Size};

use super::model::Focus;

/// Below this nothing is drawn but a request for more room.
pub const SMALLEST: (u16, u16) = (40, 10);
/// Below this the right panel shares the transcript's place.
const SIDE_BY_SIDE: (u16, u16) = (72, 20);
/// From so many columns on two columns leave the panel where it is.
const WIDE: u16 = 100;
/// From so many rows on "where you are" stays below the panel.
const TALL: u16 = 30;
/// From so many columns on a lesson stands above the panel.
const LESSON_BESIDE: u16 = 100;
/// Rows of a lesson's strip.
const STRIP: u16 = 5;
/// Rows that must be left above a strip.
const ABOVE_STRIP: u16 = 6;
/// Rows that the panes keep, whatever the composer has to say.
const LEAST_ABOVE: u16 = 8;
/// From so many rows on a lesson leaves it there.
const ROOMY: u16 = 40;
/// Rows of "where you are", without frame.
const WHERE_ROWS: u16 = 6;

/// The parts of the workbench, frames included. A part that is not on the screen is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// The title line.
    pub title: Rect,
    /// The transcript.
    pub transcript: Option<Rect>,
    /// The right panel.
    pub panel: Option<Rect>,
    /// "Where you are", below the panel and sharing its frame.
    pub position: Option<Rect>,
    /// The lesson: above the panel, as a strip above the composer, or over everything between title and composer.
    pub lesson: Option<Rect>,
    /// The composer; nothing where a file is read.
    pub composer: Option<Rect>,
    /// One line in its place where a file is read or the composer has no room.
    pub footer: Rect,
    /// Whether transcript and panel share one place.
    pub shared: bool,
    /// Whether the parts have no frames.
    pub bare: bool,
    /// Rows that the panes have given to what is said below the line.
    pub given: u16,
}

impl Layout {
    /// The layout of a screen of this size; none where it is too small for anything.
    #[must_use]
    pub fn of(size: (u16, u16), focus: Focus, composing: bool) -> Option<Self> {
        let (width, height) = size;
        if width < SMALLEST.0 || height < SMALLEST.1 {
            return None;
        }
        let row = |y, rows| Rect::new(0, y, width, rows);
        let composer_rows = if composing { 4 } else { 0 };
        let between = height - 2 - composer_rows;
        let mut layout = Self {
            title: row(0, 1),
            composer: composing.then(|| row(1 + between, composer_rows)),
            footer: row(height - 1, 1),
            ..Self::default()
        };
        if width < SIDE_BY_SIDE.0 || height < SIDE_BY_SIDE.1 {
            layout.shared = true;
            let place = Some(row(1, between));
            if focus == Focus::Panel {
                layout.panel = place;
            } else {
                layout.transcript = place;
            }
            return Some(layout);
        }
        let right = panel_width(width);
        layout.transcript = Some(Rect::new(0, 1, width - right, between));
        let panel = Rect::new(width - right, 1, right, between);
        if height >= TALL {
            let below = WHERE_ROWS + 2;
            layout.panel = Some(Rect { height: between - below + 1, ..panel });
            layout.position = Some(Rect { y: panel.bottom() - below, height: below, ..panel });
        } else {
            layout.panel = Some(panel);
        }
        Some(layout)
    }

    /// The same with so many more rows for what the composer says, as far as the panes above it can spare them.
    #[must_use]
    pub fn with_words(mut self, rows: u16) -> Self {
        let least = |part: Option<Rect>| part.map_or(u16::MAX, |part| part.height);
        let above = least(self.transcript).min(least(self.panel));
        let rows = rows.min(above.saturating_sub(LEAST_ABOVE));
        let Some(composer) = &mut self.composer else { return self };
        composer.y -= rows;
        composer.height += rows;
        self.given = rows;
        for part in [&mut self.transcript, &mut self.panel].into_iter().flatten() {
            part.height -= rows;
        }
        if let Some(position) = &mut self.position {
            position.y -= rows;
        }
        self
    }

    /// One pane alone with all the room above the composer, in its frame: for those who look on.
    #[must_use]
    pub fn alone(size: (u16, u16), focus: Focus, composing: bool) -> Option<Self> {
        let mut layout = Self::of(size, focus, composing)?;
        let bottom = layout.composer.map_or(layout.footer.y, |composer| composer.y);
        let place = Some(Rect::new(0, 1, size.0, bottom - 1));
        (layout.shared, layout.position) = (true, None);
        (layout.transcript, layout.panel) = if focus == Focus::Panel { (None, place) } else { (place, None) };
        Some(layout)
    }

    /// One pane alone, without a frame, above the footer; none where it is too small for anything.
    #[must_use]
    pub fn zoomed(size: (u16, u16), focus: Focus) -> Option<Self> {
        let (width, height) = size;
        if width < SMALLEST.0 || height < SMALLEST.1 {
            return None;
        }
        let place = Some(Rect::new(0, 1, width, height - 2));
        let mut layout = Self {
            title: Rect::new(0, 0, width, 1),
            footer: Rect::new(0, height - 1, width, 1),
            bare: true,
            shared: true,
            ..Self::default()
        };
        if focus == Focus::Panel {
            layout.panel = place;
        } else {
            layout.transcript = place;
        }
        Some(layout)
    }

    /// What the frame of a part leaves, where it has one.
    #[must_use]
    pub fn within(&self, area: Rect) -> Rect {
        if self.bare { area } else { inner(area) }
    }

    /// The same with a lesson in it, which is shown whole where it has the keys.
    #[must_use]
    pub fn with_lesson(mut self, size: (u16, u16), focus: Focus) -> Self {
        let above = self.composer.map_or(self.footer.y, |composer| composer.y);
        if focus == Focus::Lesson {
            self.lesson = Some(match self.panel {
                Some(panel) if size.0 >= LESSON_BESIDE && !self.shared => Rect { height: above - panel.y, ..panel },
                _ => Rect::new(0, 1, size.0, above - 1),
            });
            return self;
        }
        match self.panel {
            Some(panel) if size.0 >= LESSON_BESIDE && !self.shared => {
                // "Where you are" gives way where there is little room: the lesson says that too.
                let column = Rect { height: above - panel.y, ..panel };
                let below = self.position.take().filter(|_| column.height >= ROOMY);
                let taken = below.map_or(0, |below| below.height.saturating_sub(1));
                let rows = (column.height - taken) / 2;
                self.lesson = Some(Rect { height: rows, ..column });
                self.panel = Some(Rect { y: column.y + rows, height: column.height - taken - rows, ..column });
                self.position = below.map(|below| Rect { y: column.bottom() - below.height, ..below });
            }
            _ => {
                // A very low screen has a lower strip, or none: F7 shows the lesson all the same.
                let rows = STRIP.min(above.saturating_sub(1 + ABOVE_STRIP));
                if rows < 2 {
                    return self;
                }
                if let Some(position) = self.position.take() {
                    self.panel = self.panel.map(|panel| Rect { height: panel.height + position.height - 1, ..panel });
                }
                self.lesson = Some(Rect::new(0, above - rows, size.0, rows));
                for part in [&mut self.transcript, &mut self.panel].into_iter().flatten() {
                    part.height -= rows;
                }
            }
        }
        self
    }

    /// The same with two columns in the transcript's place: they take the panel's too where there is little room, and
    /// where they are `alone`, with nothing for the panel to say of them.
    #[must_use]
    pub fn with_columns(mut self, focus: Focus, alone: bool) -> Self {
        if let (Some(left), Some(right)) = (self.transcript, self.panel)
            && (alone || self.title.width < WIDE)
        {
            let place = Some(Rect { width: left.width + right.width, ..left });
            (self.shared, self.position) = (true, None);
            (self.transcript, self.panel) = if focus == Focus::Panel { (None, place) } else { (place, None) };
        }
        self
    }

    /// The room within the transcript's frame, wherever it is or would be.
    #[must_use]
    pub fn transcript_inner(&self) -> Size {
        self.size_of(self.transcript.or(self.panel))
    }

    /// The room within the panel's frame, wherever it is or would be.
    #[must_use]
    pub fn panel_inner(&self) -> Size {
        self.size_of(self.panel.or(self.transcript))
    }

    fn size_of(&self, area: Option<Rect>) -> Size {
        area.map_or(Size::default(), |area| self.within(area).as_size())
    }
}

/// 34 columns of 80, 58 of 120, and never so many that lines become hard to read.
fn panel_width(width: u16) -> u16 {
    (34 + (width.saturating_sub(80)) * 3 / 5).saturating_sub(80_u16.saturating_sub(width) / 2).min(76)
}

/// What a frame of one cell leaves.
#[must_use]
pub fn inner(area: Rect) -> Rect {
    Rect::new(area.x + 1, area.y + 1, area.width.saturating_sub(2), area.height.saturating_sub(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_common_sizes_are_as_drawn() {
        let wide = Layout::of((120, 33), Focus::Composer, true).expect("room");
        assert_eq!(wide.transcript.map(|a| a.width), Some(62));
        assert_eq!(wide.panel.map(|a| a.width), Some(58));
        assert!(wide.position.is_some());
        let small = Layout::of((80, 24), Focus::Composer, true).expect("room");
        assert_eq!(small.transcript.map(|a| (a.width, a.height)), Some((46, 18)));
        assert_eq!(small.panel.map(|a| a.width), Some(34));
        assert_eq!(small.position, None);
    }

    #[test]
    fn a_narrow_screen_shows_one_pane_and_the_composer() {
        for size in [(71, 40), (120, 19), (40, 10)] {
            let layout = Layout::of(size, Focus::Composer, true).expect("room");
            assert!(layout.shared && layout.panel.is_none() && layout.composer.is_some(), "{size:?}");
            let layout = Layout::of(size, Focus::Panel, true).expect("room");
            assert!(layout.panel.is_some() && layout.transcript.is_none(), "{size:?}");
        }
        assert_eq!(Layout::of((39, 30), Focus::Composer, true), None);
        assert_eq!(Layout::of((80, 9), Focus::Composer, true), None);
    }

    #[test]
    fn a_lesson_stands_beside_the_transcript_or_above_the_composer() {
        for (size, beside) in
            [((120, 33), true), ((100, 24), true), ((99, 40), false), ((80, 24), false), ((60, 16), false)]
        {
            for focus in [Focus::Composer, Focus::Panel, Focus::Transcript] {
                let layout = Layout::of(size, focus, true).expect("room").with_lesson(size, focus);
                let lesson = layout.lesson.expect("room for it");
                assert_eq!(lesson.width < size.0, beside, "{size:?}");
                let others = [Some(layout.title), layout.transcript, layout.panel, layout.position, layout.composer];
                for other in others.into_iter().flatten() {
                    assert!(!lesson.intersects(other), "{size:?} {focus:?}: {lesson} {other}");
                }
            }
            let whole = Layout::of(size, Focus::Lesson, true).expect("room").with_lesson(size, Focus::Lesson);
            assert!(whole.lesson.zip(whole.composer).is_some_and(|(lesson, composer)| !lesson.intersects(composer)));
        }
    }

    #[test]
    fn parts_never_leave_the_screen_and_never_overlap() {
        for width in 40..=220 {
            for height in 10..=70 {
                for (focus, composing) in [(Focus::Composer, true), (Focus::Panel, true), (Focus::Transcript, false)] {
                    let layout = Layout::of((width, height), focus, composing).expect("room");
                    let layout = layout.with_words(height % 4);
                    let screen = Rect::new(0, 0, width, height);
                    let parts = [Some(layout.title), layout.transcript, layout.panel, layout.composer];
                    let parts: Vec<Rect> = parts.into_iter().flatten().chain([layout.footer]).collect();
                    for (n, part) in parts.iter().enumerate() {
                        assert_eq!(part.intersection(screen), *part, "{width}x{height}");
                        assert!(part.width > 0 && part.height > 0, "{width}x{height}");
                        for other in &parts[n + 1..] {
                            assert!(!part.intersects(*other), "{width}x{height}: {part} {other}");
                        }
                    }
                }
            }
        }
    }
}
