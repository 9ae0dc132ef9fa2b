#include <cmath>

#include <fmt/format.h>

#include <tessera/report/exposition.hpp>

namespace tessera::report {

namespace {

/// A label's value: backslash, quote and line feed have escapes of their own.
std::string escaped(std::string_view text) {
    std::string result;
    for (auto const c : text) {
        if (c == '\\' || c == '"') result += '\\';
        result += c == '\n' ? "\\n" : std::string(1, c);
    }
    return result;
}

std::string metric_name(std::string_view text) {
    std::string result = "tessera_";
    for (auto const c : text) {
        bool const letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool const digit = c >= '0' && c <= '9';
        result += letter || digit ? c : '_';
    }
    return result;
}

}  // namespace

std::string exposition(std::string_view run, std::string_view split, std::int64_t step,
                       std::vector<std::pair<std::string, double>> const& metrics,
                       double unix_seconds) {
    auto const labels = fmt::format("{{run=\"{}\",split=\"{}\"}}", escaped(run), escaped(split));
    std::string text;
    auto const add = [&](std::string_view name, double value) {
        if (!std::isfinite(value)) return;
        auto const full = metric_name(name);
        text += fmt::format("# TYPE {} gauge\n{}{} {:.17g}\n", full, full, labels, value);
    };
    add("step", static_cast<double>(step));
    add("recorded_seconds", unix_seconds);
    for (auto const& [name, value] : metrics) add(name, value);
    return text;
}

}  // namespace tessera::report
