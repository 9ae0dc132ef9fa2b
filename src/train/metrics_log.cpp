#include "metrics_log.hpp"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::train {

namespace {

using Json = nlohmann::ordered_json;

/// The rows of the file, in order; lines that are no row are left out.
std::vector<Json> rows_of(std::string const& text) {
    std::vector<Json> rows;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        auto row = Json::parse(line, nullptr, false);
        if (row.is_object() && row.contains("step") && row["step"].is_number_integer())
            rows.push_back(std::move(row));
    }
    return rows;
}

std::string kept_lines(std::filesystem::path const& path, std::int64_t kept,
                       MetricsLog::LastStep last) {
    std::string text;
    for (auto const& row : rows_of(base::read_text(path))) {
        bool const anew = last == MetricsLog::LastStep::training && row["step"] == kept &&
                          row.value("split", "") == "valid";
        if (row["step"] <= kept && !anew) text += row.dump() + "\n";
    }
    return text;
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path path, std::int64_t kept, LastStep last)
    : path_(std::move(path)) {
    auto const before =
        std::filesystem::exists(path_) ? kept_lines(path_, kept, last) : std::string();
    base::publish(base::local_files(), path_, before);
    file_.open(path_, std::ios::app);
    base::validate(file_.good(), base::ExitCode::environment, "cannot write '{}'",
                   base::printable(path_.string()));
}

void MetricsLog::add(std::int64_t step, std::string_view split, Metrics const& metrics) {
    Json row{{"step", step}, {"split", split}};
    for (auto const& [name, value] : metrics) row[name] = value;
    file_ << row.dump() << std::endl;  // flushed: readers follow a run as it goes
    base::validate(file_.good(), base::ExitCode::environment,
                   "cannot write '{}': is the disk full?", base::printable(path_.string()));
}

std::string MetricsLog::text() const {
    return base::read_text(path_);
}

std::string MetricsLog::csv() const {
    auto const rows = rows_of(text());
    std::vector<std::string> columns;
    for (auto const& row : rows) {
        for (auto const& item : row.items()) {
            if (std::ranges::find(columns, item.key()) == columns.end())
                columns.push_back(item.key());
        }
    }
    auto table = fmt::format("{}\n", fmt::join(columns, ","));
    for (auto const& row : rows) {
        std::vector<std::string> cells;
        for (auto const& column : columns) {
            auto const cell = row.value(column, Json());
            cells.push_back(cell.is_null()     ? ""
                            : cell.is_string() ? cell.get<std::string>()
                                               : cell.dump());
        }
        table += fmt::format("{}\n", fmt::join(cells, ","));
    }
    return table;
}

}  // namespace tessera::train
