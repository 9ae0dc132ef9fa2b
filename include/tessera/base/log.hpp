#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace tessera::base {

enum class LogLevel { debug, info, warning, error };

/// Sends lines at or above `level` to standard error, each led by time, level and, with more than
/// one rank, `[rank r]`; lower ranks than 0 print warnings and errors only.
void start_log(LogLevel level, int rank, int ranks);

/// Also keeps every line in `path` (a run's log.rankK.txt).
void log_to_file(std::filesystem::path const& path);

void write_log(LogLevel level, std::string_view line);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
    write_log(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
    write_log(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
    write_log(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
    write_log(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tessera::base
