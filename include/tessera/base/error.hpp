#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace tessera::base {

/// What a program tells the shell; scripts and batch systems rely on these numbers.
enum class ExitCode : int {
    done = 0,
    failed = 1,
    usage = 2,
    bad_input = 3,
    environment = 4,
    run_again = 85,  ///< state saved, start me again (batch scripts requeue on it)
};

/// One line for a person: what failed, where, why, what to do; and the code the program ends with.
class Error : public std::runtime_error {
  public:
    Error(ExitCode code, std::string const& line) : std::runtime_error(line), code_(code) {}

    ExitCode code() const noexcept { return code_; }

  private:
    ExitCode code_;
};

template <class... Args>
[[noreturn]] void fail(ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
    throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

/// Checks what a user or a file gave; always on.
template <class... Args>
void validate(bool holds, ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
    if (!holds) fail(code, format, std::forward<Args>(args)...);
}

}  // namespace tessera::base
