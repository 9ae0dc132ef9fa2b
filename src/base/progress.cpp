#include <array>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/progress.hpp>

namespace tessera::base {

namespace {

constexpr double redraw_interval = 0.2;  // s on a terminal
constexpr double line_interval = 10;     // s in a log
constexpr int bar_width = 24;

std::string bar(double share) {
    auto const full = static_cast<std::size_t>(share * bar_width);
    return std::string(full, '#') + std::string(bar_width - full, '.');
}

}  // namespace

ProgressMode progress_mode(std::string_view name) {
    if (name == "auto") return ProgressMode::automatic;
    if (name == "plain") return ProgressMode::plain;
    if (name == "none") return ProgressMode::none;
    fail(ExitCode::usage, "--progress: '{}' is none of auto, plain, none", name);
}

std::string short_count(double value) {
    constexpr std::array<char const*, 5> prefixes{"", " k", " M", " G", " T"};
    std::size_t step = 0;
    while (value >= 999.5 && step + 1 < prefixes.size()) {
        value /= 1000;
        ++step;
    }
    auto const digits = step == 0 || value >= 99.5 ? 0 : value >= 9.95 ? 1 : 2;
    return fmt::format("{:.{}f}{}", value, digits, prefixes[step]);
}

std::string short_duration(double seconds) {
    if (seconds < 60) return fmt::format("{:.1f} s", seconds);
    auto const whole = static_cast<std::uint64_t>(seconds + 0.5);
    if (whole < 3600) return fmt::format("{} m {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} m", whole / 3600, whole % 3600 / 60);
}

Progress::Progress(ProgressMode mode, std::string what, std::string unit, std::uint64_t total)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(mode == ProgressMode::automatic && ::isatty(STDERR_FILENO) != 0),
      silent_(mode == ProgressMode::none) {
    next_draw_ = terminal_ ? 0 : line_interval;
}

Progress::~Progress() {
    finish();
}

bool Progress::due() const {
    return !silent_ && clock_.seconds() >= next_draw_;
}

void Progress::update(std::uint64_t done, std::string_view note) {
    done_ = done;
    if (due()) draw(note);
}

void Progress::draw(std::string_view note) {
    auto const elapsed = clock_.seconds();
    next_draw_ = elapsed + (terminal_ ? redraw_interval : line_interval);
    auto const done = static_cast<double>(done_);
    auto const total = static_cast<double>(total_);
    auto line =
        fmt::format("{}: {}{}/s", what_, short_count(elapsed > 0 ? done / elapsed : 0), unit_);
    if (total_ > 0 && done_ <= total_) {
        auto const share = done / total;
        auto const left = done > 0 ? elapsed * (total - done) / done : 0;
        line =
            fmt::format("{}: {:3.0f} % [{}] {}{}/s, {} left", what_, share * 100, bar(share),
                        short_count(elapsed > 0 ? done / elapsed : 0), unit_, short_duration(left));
    }
    if (!note.empty()) line += fmt::format(", {}", note);
    fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", line, terminal_ ? "" : "\n");
    std::fflush(stderr);
    shown_ = true;
}

void Progress::finish() {
    if (shown_ && terminal_) fmt::print(stderr, "\r\033[K");
    shown_ = false;
}

}  // namespace tessera::base
