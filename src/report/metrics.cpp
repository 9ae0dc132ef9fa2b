#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/report/metrics.hpp>

namespace tessera::report {

namespace {

std::optional<MetricRow> parsed(std::string_view line) {
    auto const json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) {
        return std::nullopt;
    }
    MetricRow row;
    row.step = json["step"].get<std::int64_t>();
    for (auto const& [name, value] : json.items()) {
        if (name == "split" && value.is_string()) row.split = value.get<std::string>();
        if (name != "step" && value.is_number()) row.values.emplace(name, value.get<double>());
    }
    return row;
}

}  // namespace

std::optional<double> MetricRow::value(std::string_view name) const {
    auto const at = values.find(name);
    return at == values.end() ? std::nullopt : std::optional(at->second);
}

std::vector<MetricRow> read_metrics(std::string_view json_lines) {
    std::vector<MetricRow> rows;
    for (std::size_t number = 1; !json_lines.empty(); ++number) {
        auto const end = json_lines.find('\n');
        auto const line = json_lines.substr(0, end);
        auto const is_whole = end != std::string_view::npos;
        json_lines.remove_prefix(is_whole ? end + 1 : json_lines.size());
        if (line.empty()) continue;
        if (auto row = parsed(line)) {
            rows.push_back(std::move(*row));
        } else if (is_whole) {
            base::fail(base::ExitCode::bad_input,
                       "metrics.jsonl line {}: no JSON object with an integer 'step'; delete the "
                       "line or take the file from the run again",
                       number);
        }
    }
    return rows;
}

}  // namespace tessera::report
