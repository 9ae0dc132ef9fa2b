#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tessera/base/time.hpp>

namespace tessera::base {

enum class ProgressMode { automatic, plain, none };

/// Error(usage) for anything but auto, plain or none.
ProgressMode progress_mode(std::string_view name);

/// Tells a person how far a long job is, on standard error: a bar that is redrawn on a terminal,
/// one line per interval in a batch log, nothing when silenced. Make it on rank 0 only.
class Progress {
  public:
    /// `total` in `unit`s (0: unknown), e.g. bytes or steps.
    Progress(ProgressMode mode, std::string what, std::string unit, std::uint64_t total);
    ~Progress();
    Progress(Progress const&) = delete;
    Progress& operator=(Progress const&) = delete;

    /// `done` so far; `note` is shown behind rate and time left. Cheap when nothing is due.
    void update(std::uint64_t done, std::string_view note = {});

    /// Ends the bar, so that other lines start on a fresh one.
    void finish();

  private:
    bool due() const;
    void draw(std::string_view note);

    std::string what_;
    std::string unit_;
    std::uint64_t total_ = 0;
    std::uint64_t done_ = 0;
    bool shown_ = false;
    bool terminal_ = false;
    bool silent_ = false;
    Stopwatch clock_;
    double next_draw_ = 0;  // s on clock_
};

/// "1.5 G", "20.3 M", "512": a count in three digits with its decimal prefix.
std::string short_count(double value);

/// "2 h 03 m", "4 m 10 s", "0.8 s".
std::string short_duration(double seconds);

}  // namespace tessera::base
