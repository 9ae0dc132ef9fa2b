#include "inspect_run.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>
#include <tessera/base/progress.hpp>
#include <tessera/report/metrics.hpp>
#include <tessera/report/table.hpp>

namespace tessera::apps {

namespace fs = std::filesystem;
using report::MetricRow;

namespace {

constexpr std::size_t rows_for_pace = 20;
constexpr std::size_t most_ranks = 40;  // about a screen

/// The integer behind `text` from `begin` on.
std::optional<std::int64_t> integer(std::string_view text, std::size_t begin) {
    std::int64_t value = 0;
    auto const* const first = text.data() + std::min(begin, text.size());
    auto const result = std::from_chars(first, text.data() + text.size(), value);
    return result.ec == std::errc() ? std::optional(value) : std::nullopt;
}

std::int64_t steps_of(fs::path const& folder) {
    auto const config = folder / "config.toml";
    if (!fs::exists(config)) return 0;
    std::istringstream lines(base::read_text(config));
    std::string_view constexpr key = "train_iters = ";
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(key)) return integer(line, key.size()).value_or(0);
    }
    return 0;
}

std::optional<std::int64_t> newest_checkpoint(fs::path const& folder) {
    std::optional<std::int64_t> newest;
    std::string_view constexpr prefix = "step-";
    std::error_code error;
    for (fs::directory_iterator entry(folder / "checkpoints", error), end; !error && entry != end;
         entry.increment(error)) {
        auto const name = entry->path().filename().string();
        if (!name.starts_with(prefix) || !fs::exists(entry->path() / "state.json", error)) continue;
        newest = std::max(newest, integer(name, prefix.size()));
    }
    return newest;
}

std::vector<MetricRow> training_rows(fs::path const& folder) {
    auto rows = report::read_metrics(base::read_text(folder / "metrics.jsonl"));
    std::erase_if(rows, [](auto const& row) { return row.split != "train"; });
    return rows;
}

/// Seconds a step over the last rows.
std::optional<double> pace(std::vector<MetricRow> const& rows) {
    if (rows.size() < 2) return std::nullopt;
    auto const& last = rows.back();
    auto const& first = rows[rows.size() - std::min(rows.size(), rows_for_pace)];
    auto const begin = first.value("elapsed_seconds");
    auto const end = last.value("elapsed_seconds");
    if (!begin || !end || last.step <= first.step) return std::nullopt;
    return (*end - *begin) / static_cast<double>(last.step - first.step);
}

std::string shown(std::optional<double> value, int decimals) {
    return value ? report::number(*value, decimals) : "-";
}

std::string duration(std::optional<double> seconds) {
    return seconds ? base::short_duration(*seconds) : "-";
}

}  // namespace

bool is_run(fs::path const& folder) {
    return fs::exists(folder / "metrics.jsonl");
}

RunState read_run(fs::path const& folder) {
    RunState state;
    state.steps = steps_of(folder);
    state.done = fs::exists(folder / "DONE");
    state.checkpoint = newest_checkpoint(folder);
    state.held_by = base::folder_holder(folder);
    auto const written = fs::last_write_time(folder / "metrics.jsonl");
    state.age = std::chrono::duration<double>(fs::file_time_type::clock::now() - written).count();
    if (auto const ranks = folder / "ranks.json"; fs::exists(ranks))
        state.ranks = report::read_rank_states(base::read_text(ranks));
    auto const rows = training_rows(folder);
    if (rows.empty()) return state;
    state.step = std::max(rows.back().step, state.checkpoint.value_or(0));
    state.loss = rows.back().value("loss");
    state.rate = rows.back().value("sequences_per_second");
    if (auto const seconds = pace(rows); seconds && state.steps > 0 && !state.held_by.empty())
        state.seconds_left = *seconds * static_cast<double>(state.steps - state.step);
    return state;
}

std::string to_json(RunState const& state) {
    nlohmann::ordered_json json{{"step", state.step}, {"steps", state.steps}, {"done", state.done}};
    auto const add = [&](char const* name, auto const& value) {
        json[name] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
    };
    add("loss", state.loss);
    add("sequences_per_second", state.rate);
    add("seconds_left", state.seconds_left);
    add("seconds_since_last_line", state.age);
    add("checkpoint", state.checkpoint);
    json["held_by"] = base::printable(state.held_by);
    json["ranks"] = nlohmann::ordered_json::array();
    for (auto const& rank : state.ranks)
        json["ranks"].push_back(nlohmann::ordered_json::parse(report::to_json(rank)));
    return json.dump(2);
}

namespace {

report::Table run_table(RunState const& state) {
    auto const of = state.steps > 0 ? fmt::format("/{}", state.steps) : std::string();
    auto const idle = state.done ? "done" : "nobody";
    auto const who = state.held_by.empty() ? idle : base::printable(state.held_by);
    return {.columns = {{"step"},
                        {"loss"},
                        {"sequences/s"},
                        {"time left"},
                        {"last line"},
                        {"checkpoint"},
                        {"held by", report::Align::left}},
            .rows = {{fmt::format("{}{}", state.step, of), shown(state.loss, 4),
                      shown(state.rate, 1), duration(state.seconds_left), duration(state.age),
                      state.checkpoint ? std::to_string(*state.checkpoint) : "-", who}}};
}

}  // namespace

std::string to_table(RunState const& state) {
    auto const text = report::to_text(run_table(state));
    if (state.ranks.empty()) return text;
    return fmt::format("{}\n{}", text,
                       report::to_text(report::rank_table(state.ranks, most_ranks)));
}

}  // namespace tessera::apps
