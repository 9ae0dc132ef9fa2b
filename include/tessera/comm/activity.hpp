#pragma once

#include <atomic>
#include <cstdint>

namespace tessera::comm {

class Communicator;

/// Where the main thread of a rank stands: written by it, read by its watchdog. Names are string
/// literals.
class Activity {
  public:
    enum class Pace : std::uint8_t {
        busy,  ///< uses the processor, or is lost
        disk,  ///< may wait for a disk for long
    };

    struct Place {
        std::int64_t step = -1;
        char const* phase = "start";
        Pace pace = Pace::disk;
        char const* collective = "";    ///< the one it is in, or was in last
        bool inside = false;            ///< waits in that collective
        std::uint64_t collectives = 0;  ///< entered so far
        std::uint64_t moves = 0;        ///< changes of any of these
    };

    /// Work of a step begins: "load", "backward", "save", ..
    void note(std::int64_t step, char const* phase, Pace pace = Pace::busy) noexcept {
        step_.store(step);
        pace_.store(pace);
        phase_.store(phase);
        ++moves_;
    }

    /// The work noted last goes on: one more piece of it is done.
    void tick() noexcept { ++moves_; }

    /// The same, and the next piece is of that pace.
    void tick(Pace pace) noexcept {
        pace_.store(pace);
        ++moves_;
    }

    void enter(char const* collective) noexcept {
        collective_.store(collective);
        ++collectives_;
        inside_.store(true);
        ++moves_;
    }

    void leave() noexcept {
        inside_.store(false);
        ++moves_;
    }

    Place place() const noexcept {
        return {step_, phase_, pace_, collective_, inside_, collectives_, moves_};
    }

  private:
    std::atomic<std::int64_t> step_{-1};
    std::atomic<char const*> phase_{"start"};
    std::atomic<Pace> pace_{Pace::disk};
    std::atomic<char const*> collective_{""};
    std::atomic<bool> inside_{false};
    std::atomic<std::uint64_t> collectives_{0};
    std::atomic<std::uint64_t> moves_{0};
};

/// For the watchdog: work on `phase` of `step` begins on this rank.
void note(Communicator const& comm, std::int64_t step, char const* phase,
          Activity::Pace pace = Activity::Pace::busy);

/// One more piece of that work is done.
void tick(Communicator const& comm);

/// The same, and the next piece is of that pace.
void tick(Communicator const& comm, Activity::Pace pace);

}  // namespace tessera::comm
