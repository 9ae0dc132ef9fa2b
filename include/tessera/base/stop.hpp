#pragma once

namespace tessera::base {

/// Installs handlers for SIGUSR1, SIGTERM and SIGINT that only set a flag. A second SIGINT ends the
/// process at once.
void watch_stop_signals();

/// True once a signal came. A signal may reach one rank first: agree over ranks before acting.
bool stop_requested() noexcept;

/// Sets the flag by hand (time limits, tests).
void request_stop() noexcept;

}  // namespace tessera::base
