#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/report/rank_states.hpp>

namespace tessera::report {

namespace {

RankState state_of(nlohmann::json const& json) {
    return {.host = json.at("host").get<std::string>(),
            .step = json.at("step").get<std::int64_t>(),
            .sequences_per_second = json.at("sequences_per_second").get<double>(),
            .data_stall = json.at("data_stall").get<double>(),
            .rank_stall = json.at("rank_stall").get<double>(),
            .peak_memory = json.at("peak_memory_bytes").get<std::uint64_t>()};
}

std::string percent(double share) {
    return fmt::format("{} %", number(100 * share, 1));
}

std::string mebibytes(std::uint64_t bytes) {
    return fmt::format("{} MiB", grouped(bytes >> 20U));
}

/// All ranks in order, or the `most` of which the others wait.
std::vector<std::size_t> shown(std::vector<RankState> const& ranks, std::size_t most) {
    std::vector<std::size_t> order(ranks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (ranks.size() <= most) return order;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return ranks[a].rank_stall < ranks[b].rank_stall;
    });
    order.resize(most);
    return order;
}

}  // namespace

std::string to_json(RankState const& state) {
    return nlohmann::ordered_json{{"host", state.host},
                                  {"step", state.step},
                                  {"sequences_per_second", state.sequences_per_second},
                                  {"data_stall", state.data_stall},
                                  {"rank_stall", state.rank_stall},
                                  {"peak_memory_bytes", state.peak_memory}}
        .dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<RankState> read_rank_states(std::string_view json) {
    auto const all = nlohmann::json::parse(json, nullptr, false);
    base::validate(all.is_array(), base::ExitCode::bad_input,
                   "ranks.json holds no list: delete it, a run that goes on writes it again");
    std::vector<RankState> states;
    for (auto const& entry : all) {
        try {
            states.push_back(state_of(entry));
        } catch (nlohmann::json::exception const& error) {
            base::fail(base::ExitCode::bad_input,
                       "ranks.json: entry {} is not the state of a rank ({}): delete the file, a "
                       "run that goes on writes it again",
                       states.size(), error.what());
        }
    }
    return states;
}

Table rank_table(std::vector<RankState> const& ranks, std::size_t most) {
    Table table{.columns = {{"rank"},
                            {"host", Align::left},
                            {"step"},
                            {"sequences/s"},
                            {"waits for data"},
                            {"for ranks"},
                            {"peak memory"}},
                .rows = {}};
    for (auto const rank : shown(ranks, most)) {
        auto const& state = ranks[rank];
        table.rows.push_back({std::to_string(rank), state.host, std::to_string(state.step),
                              number(state.sequences_per_second, 1), percent(state.data_stall),
                              percent(state.rank_stall), mebibytes(state.peak_memory)});
    }
    return table;
}

}  // namespace tessera::report
