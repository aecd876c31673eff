//! What the network does to messages on their way.

use super::message::Leg;
use super::random::Random;
use std::time::Duration;

/// What the network does to messages.
#[derive(Clone, Debug)]
pub struct Weather {
    /// So many percent of the requests, and again of the replies, are lost.
    pub lost_percent: u64,
    /// Each message takes up to so long.
    pub delay: Duration,
    /// So many percent of the replies take much longer, and are overtaken by others.
    pub late_percent: u64,
    /// Up to how long those take.
    pub late_delay: Duration,
}

impl Weather {
    /// Each message arrives at once.
    pub const FAIR: Weather =
        Weather { lost_percent: 0, delay: Duration::ZERO, late_percent: 0, late_delay: Duration::ZERO };

    /// The tester's unreliable network.
    pub const STORMY: Weather = Weather {
        lost_percent: 10,
        delay: Duration::from_millis(5),
        late_percent: 20,
        late_delay: Duration::from_millis(80),
    };

    /// How long a message takes, or `None` if it is lost.
    pub fn draw_delay(&self, leg: Leg, random: &mut Random) -> Option<Duration> {
        if random.chance(self.lost_percent) {
            return None;
        }
        let is_late = leg == Leg::Reply && random.chance(self.late_percent);
        let longest = match is_late {
            true => self.late_delay,
            false => self.delay,
        };
        Some(random.duration(Duration::ZERO..longest))
    }
}
