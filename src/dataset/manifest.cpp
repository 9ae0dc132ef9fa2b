#include "json_reader.hpp"
#include "manifest_check.hpp"
#include "manifest_json.hpp"
#include "sealed_json.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/dataset/manifest.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;

std::filesystem::path manifest_path(std::filesystem::path const& store) {
    return store / "manifest.json";
}

void add_counts(Counts& total, Counts const& more) {
    for (auto const& [reason, count] : more) total[reason] += count;
}

void add_capture(Manifest& manifest, CaptureEntry capture) {
    manifest.packets_read += capture.packets_read;
    manifest.packets_kept += capture.packets_kept;
    add_counts(manifest.packets_dropped, capture.packets_dropped);
    add_counts(manifest.tunnels, capture.tunnels);
    manifest.captures.push_back(std::move(capture));
}

void add_labels(LabelSet& set, std::map<std::int32_t, std::uint64_t> const& flows) {
    for (auto const& [label, count] : flows) {
        if (label == no_label) {
            set.unlabelled += count;
        } else {
            set.histogram.at(static_cast<std::size_t>(label)) += count;
        }
    }
}

void add_shard(Manifest& manifest, ShardSummary const& shard, std::size_t captures) {
    auto entry = shard.entry;
    entry.first_capture = manifest.captures.size();
    entry.captures = captures;
    manifest.counts += entry.counts;
    manifest.shards.push_back(std::move(entry));
    for (std::size_t end = 0; end < flow_end_kinds; ++end) {
        auto const flows = shard.flow_ends[end];
        if (flows > 0) manifest.flow_ends[flow::name(static_cast<flow::FlowEnd>(end))] += flows;
    }
    for (std::size_t set = 0; set < manifest.labels.size(); ++set) {
        add_labels(manifest.labels[set], shard.labels.at(set));
    }
}

}  // namespace

Manifest assemble(std::vector<UnitReport> units, TokenIdentity identity,
                  std::vector<LabelSet> labels, std::string config) {
    Manifest manifest;
    manifest.identity = std::move(identity);
    manifest.labels = std::move(labels);
    manifest.config = std::move(config);
    manifest.build = base::build_info();
    for (auto& set : manifest.labels) set.histogram.assign(set.classes.size(), 0);
    for (auto& unit : units) {
        add_shard(manifest, unit.shard, unit.captures.size());
        for (auto& capture : unit.captures) add_capture(manifest, std::move(capture));
        std::move(unit.failed.begin(), unit.failed.end(),
                  std::back_inserter(manifest.captures_failed));
    }
    return manifest;
}

std::size_t captures_read(Manifest const& manifest) {
    return static_cast<std::size_t>(
        std::count_if(manifest.captures.begin(), manifest.captures.end(),
                      [](CaptureEntry const& capture) { return capture.part == 0; }));
}

std::vector<std::uint32_t> first_parts(Manifest const& manifest) {
    std::vector<std::uint32_t> firsts;
    firsts.reserve(manifest.captures.size());
    for (std::uint32_t i = 0; i < manifest.captures.size(); ++i) {
        auto const begins = firsts.empty() || manifest.captures[i].part == 0;
        firsts.push_back(begins ? i : firsts.back());
    }
    return firsts;
}

std::string publish_manifest(base::FileSystem& files, std::filesystem::path const& store,
                             Manifest const& manifest) {
    auto const path = manifest_path(store);
    check_manifest(manifest, base::printable(path.string()), ExitCode::failed);
    auto const text = seal(to_json(manifest), path);
    base::publish(files, path, text);
    return seal_of(text);
}

bool is_store(std::filesystem::path const& folder) {
    std::string head(256, '\0');
    std::ifstream file(manifest_path(folder), std::ios::binary);
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    return head.find(fmt::format("\"format\": \"{}\"", store_format)) != std::string::npos;
}

Manifest read_manifest(std::filesystem::path const& store) {
    auto const path = manifest_path(store);
    auto const shown = base::printable(path.string());
    std::error_code ignored;
    base::validate(std::filesystem::exists(path, ignored), ExitCode::bad_input,
                   "'{}' is no token store: it has no manifest.json",
                   base::printable(store.string()));
    auto const sealed = read_sealed(path);
    JsonReader const json(sealed.content, shown);
    auto const format = json.text("format");
    auto const version = json.integer("version");
    base::validate(format == store_format && version == format_version, ExitCode::bad_input,
                   "'{}' is of format '{}' version {}; this program reads '{}' version {}", shown,
                   base::printable(format), version, store_format, format_version);
    auto manifest = manifest_from(json);
    check_manifest(manifest, shown, ExitCode::bad_input);
    manifest.checksum = sealed.checksum;
    return manifest;
}

std::string summary_json(Manifest const& manifest, std::optional<RunCost> cost) {
    auto json = to_json(manifest);
    json["captures"] = captures_read(manifest);
    json["failures"] = std::move(json["captures_failed"]);
    json["captures_failed"] = manifest.captures_failed.size();
    auto faults = OrderedJson::array();
    for (auto const& capture : manifest.captures) {
        if (capture.fault) faults.push_back({{"path", capture.path}, {"fault", *capture.fault}});
    }
    json["captures_cut_short"] = std::move(faults);
    for (auto& shard : json["shards"]) shard.erase("columns");
    json.erase("config");
    if (!manifest.checksum.empty()) json["checksum"] = manifest.checksum;
    if (cost) {
        json["seconds"] = cost->seconds;
        json["peak_memory_bytes"] = cost->peak_memory_bytes;
    }
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tessera::dataset
