#include "json_reader.hpp"
#include "manifest_json.hpp"

#include <tessera/base/error.hpp>
#include <tessera/base/json.hpp>
#include <tessera/dataset/manifest.hpp>

// A unit's report as text: it travels from the rank that did the unit to rank 0, and stands in the
// workspace as the note that the unit is done.
namespace tessera::dataset {

namespace {

OrderedJson labels_to_json(ShardSummary const& shard) {
    auto sets = OrderedJson::array();
    for (auto const& set : shard.labels) {
        auto flows = OrderedJson::array();
        for (auto const& [label, count] : set) flows.push_back({label, count});
        sets.push_back(std::move(flows));
    }
    return sets;
}

std::map<std::int32_t, std::uint64_t> label_counts_from(JsonReader const& json) {
    std::map<std::int32_t, std::uint64_t> counts;
    for (auto const& item : json.items()) {
        auto const pair = item.items();
        item.require(pair.size() == 2, "is no pair");
        counts[static_cast<std::int32_t>(pair[0].signed_integer())] = pair[1].integer();
    }
    return counts;
}

}  // namespace

std::string to_text(UnitReport const& report) {
    OrderedJson const json{{"shard", to_json(report.shard.entry)},
                           {"flow_ends", report.shard.flow_ends},
                           {"labels", labels_to_json(report.shard)},
                           {"captures", list_of(report.captures)},
                           {"failed", list_of(report.failed)}};
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

UnitReport unit_report_from(std::string_view text) {
    auto const parsed = base::parse_json<nlohmann::json>(text);
    JsonReader const json(parsed, "report of a work unit");
    UnitReport report;
    report.shard.entry = shard_from(json.at("shard"));
    auto const ends = json.at("flow_ends").items();
    json.require(ends.size() == flow_end_kinds, "has another number of flow ends");
    for (std::size_t i = 0; i < flow_end_kinds; ++i) report.shard.flow_ends[i] = ends[i].integer();
    report.shard.labels = list_from(json.at("labels"), label_counts_from);
    report.captures = list_from(json.at("captures"), capture_from);
    report.failed = list_from(json.at("failed"), failed_from);
    return report;
}

}  // namespace tessera::dataset
