#include <memory>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <tessera/base/log.hpp>

namespace tessera::base {

namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            break;
    }
    return spdlog::level::err;
}

spdlog::logger& logger() {
    static auto const instance = std::make_shared<spdlog::logger>(
        "tessera", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    return *instance;
}

}  // namespace

void start_log(LogLevel level, int rank, int ranks) {
    auto const own = rank == 0 ? level : std::max(level, LogLevel::warning);
    logger().set_level(to_spdlog(own));
    logger().set_pattern(ranks > 1 ? fmt::format("%H:%M:%S %L [rank {}] %v", rank)
                                   : "%H:%M:%S %L %v");
    logger().flush_on(spdlog::level::warn);
}

void log_to_file(std::filesystem::path const& path) {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    sink->set_pattern("%Y-%m-%dT%H:%M:%S.%e %L %v");
    logger().sinks().push_back(std::move(sink));
}

void write_log(LogLevel level, std::string_view line) {
    logger().log(to_spdlog(level), "{}", line);
}

}  // namespace tessera::base
