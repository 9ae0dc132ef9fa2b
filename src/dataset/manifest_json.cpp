#include "manifest_json.hpp"

#include <algorithm>

namespace tessera::dataset {

namespace {

OrderedJson to_json(FileEntry const& file) {
    return {{"file", file.file}, {"bytes", file.bytes}, {"checksum", file.checksum}};
}

OrderedJson to_json(token::TokenizerIdentity const& tokenizer) {
    OrderedJson json{
        {"name", tokenizer.name}, {"vocabulary", tokenizer.vocabulary}, {"hash", tokenizer.hash}};
    if (!tokenizer.pieces.empty()) json["pieces"] = tokenizer.pieces;
    return json;
}

OrderedJson to_json(base::BuildInfo const& build) {
    return {{"version", build.version},
            {"revision", build.revision},
            {"compiler", build.compiler},
            {"flags", build.flags}};
}

FileEntry file_from(JsonReader const& json) {
    return {json.text("file"), json.integer("bytes"), json.text("checksum")};
}

OrderedJson masking_to_json(TokenIdentity const& identity) {
    OrderedJson json{{"profile", identity.profile}, {"hidden", identity.hidden}};
    if (identity.values != "zero") {
        json["values"] = identity.values;
        json["seed"] = identity.seed;
    }
    if (identity.checksums != "profile") json["checksums"] = identity.checksums;
    return json;
}

void read_masking(JsonReader const& json, TokenIdentity& identity) {
    identity.profile = json.text("profile");
    for (auto const& field : json.at("hidden").items()) identity.hidden.push_back(field.text());
    if (json.has("values")) {
        identity.values = json.text("values");
        identity.seed = json.integer("seed");
    }
    if (json.has("checksums")) identity.checksums = json.text("checksums");
    token::TokenConfig config;
    config.masking = identity.profile;
    config.mask_values = identity.values;
    config.checksums = identity.checksums;
    identity.masking = token::masking_title(config);
}

TokenIdentity identity_from(JsonReader const& json) {
    auto const tokenizer = json.at("tokenizer");
    auto const vocabulary = tokenizer.integer("vocabulary");
    tokenizer.require(vocabulary <= 65'536, "has more tokens than 16 bits hold");
    TokenIdentity identity;
    identity.tokenizer = {tokenizer.text("name"), static_cast<std::uint32_t>(vocabulary),
                          tokenizer.text("hash"),
                          tokenizer.has("pieces") ? tokenizer.text("pieces") : std::string()};
    read_masking(json.at("masking"), identity);
    identity.settings = json.text("settings");
    return identity;
}

LabelSet label_set_from(std::string const& name, JsonReader const& json) {
    LabelSet set;
    set.name = name;
    for (auto const& item : json.at("classes").items()) set.classes.push_back(item.text());
    auto const histogram = json.at("histogram");
    histogram.require(histogram.members().size() == set.classes.size(),
                      "does not name each class once");
    for (auto const& name_of_class : set.classes) {
        set.histogram.push_back(histogram.integer(name_of_class.c_str()));
    }
    set.unlabelled = json.integer("unlabelled");
    return set;
}

}  // namespace

OrderedJson to_json(CaptureEntry const& capture) {
    OrderedJson json{{"path", capture.path},
                     {"bytes", capture.bytes},
                     {"packets_read", capture.packets_read},
                     {"packets_kept", capture.packets_kept},
                     {"packets_dropped", capture.packets_dropped},
                     {"flows", capture.flows}};
    if (!capture.tunnels.empty()) json["tunnels"] = capture.tunnels;
    if (capture.fault) json["fault"] = *capture.fault;
    if (capture.parts > 1) json["part"] = {capture.part, capture.parts};
    return json;
}

OrderedJson to_json(FailedCapture const& capture) {
    return {{"path", capture.path}, {"reason", capture.reason}};
}

OrderedJson to_json(ShardEntry const& shard) {
    return {{"file", shard.file},
            {"bytes", shard.bytes},
            {"checksum", shard.checksum},
            {"flows", shard.counts.flows},
            {"bursts", shard.counts.bursts},
            {"packets", shard.counts.packets},
            {"tokens", shard.counts.tokens},
            {"first_capture", shard.first_capture},
            {"captures", shard.captures},
            {"columns", shard.columns}};
}

OrderedJson to_json(LabelSet const& set) {
    Counts histogram;
    for (std::size_t i = 0; i < set.classes.size(); ++i) {
        histogram[set.classes[i]] = set.histogram[i];
    }
    return {{"classes", set.classes}, {"histogram", histogram}, {"unlabelled", set.unlabelled}};
}

OrderedJson to_json(Manifest const& manifest) {
    auto labels = OrderedJson::object();
    for (auto const& set : manifest.labels) labels[set.name] = to_json(set);
    return {{"format", store_format},
            {"version", format_version},
            {"packets_read", manifest.packets_read},
            {"packets_kept", manifest.packets_kept},
            {"packets_dropped", manifest.packets_dropped},
            {"tunnels", {{"policy", manifest.identity.tunnels}, {"packets", manifest.tunnels}}},
            {"flows", manifest.counts.flows},
            {"bursts", manifest.counts.bursts},
            {"tokens", manifest.counts.tokens},
            {"flow_ends", manifest.flow_ends},
            {"tokenizer", to_json(manifest.identity.tokenizer)},
            {"masking", masking_to_json(manifest.identity)},
            {"settings", manifest.identity.settings},
            {"labels", labels},
            {"captures", list_of(manifest.captures)},
            {"captures_failed", list_of(manifest.captures_failed)},
            {"shards", list_of(manifest.shards)},
            {"index", to_json(manifest.index)},
            {"config", manifest.config},
            {"build", to_json(manifest.build)}};
}

namespace {

void read_part(JsonReader const& json, CaptureEntry& capture) {
    auto const pair = json.items();
    json.require(
        pair.size() == 2 && pair[0].integer() < pair[1].integer() && pair[1].integer() <= max_parts,
        "is no part of a capture");
    capture.part = static_cast<std::uint32_t>(pair[0].integer());
    capture.parts = static_cast<std::uint32_t>(pair[1].integer());
}

}  // namespace

CaptureEntry capture_from(JsonReader const& json) {
    CaptureEntry capture;
    capture.path = json.text("path");
    capture.bytes = json.integer("bytes");
    capture.packets_read = json.integer("packets_read");
    capture.packets_kept = json.integer("packets_kept");
    capture.packets_dropped = json.at("packets_dropped").counts();
    capture.flows = json.integer("flows");
    if (json.has("tunnels")) capture.tunnels = json.at("tunnels").counts();
    if (json.has("fault")) capture.fault = json.text("fault");
    if (json.has("part")) read_part(json.at("part"), capture);
    return capture;
}

FailedCapture failed_from(JsonReader const& json) {
    return {json.text("path"), json.text("reason")};
}

ShardEntry shard_from(JsonReader const& json) {
    ShardEntry shard;
    shard.file = json.text("file");
    shard.bytes = json.integer("bytes");
    shard.checksum = json.text("checksum");
    shard.counts = {json.integer("flows"), json.integer("bursts"), json.integer("packets"),
                    json.integer("tokens")};
    shard.first_capture = json.integer("first_capture");
    shard.captures = json.integer("captures");
    shard.columns = json.at("columns").counts();
    return shard;
}

Manifest manifest_from(JsonReader const& json) {
    Manifest manifest;
    manifest.packets_read = json.integer("packets_read");
    manifest.packets_kept = json.integer("packets_kept");
    manifest.packets_dropped = json.at("packets_dropped").counts();
    manifest.counts = {json.integer("flows"), json.integer("bursts"), manifest.packets_kept,
                       json.integer("tokens")};
    manifest.flow_ends = json.at("flow_ends").counts();
    manifest.identity = identity_from(json);
    if (json.has("tunnels")) {
        auto const tunnels = json.at("tunnels");
        manifest.identity.tunnels = tunnels.text("policy");
        manifest.tunnels = tunnels.at("packets").counts();
    }
    for (auto const& [name, set] : json.at("labels").members()) {
        manifest.labels.push_back(label_set_from(name, set));
    }
    manifest.captures = list_from(json.at("captures"), capture_from);
    manifest.captures_failed = list_from(json.at("captures_failed"), failed_from);
    manifest.shards = list_from(json.at("shards"), shard_from);
    manifest.index = file_from(json.at("index"));
    manifest.config = json.text("config");
    auto const build = json.at("build");
    manifest.build = {build.text("version"), build.text("revision"), build.text("compiler"),
                      build.text("flags")};
    return manifest;
}

}  // namespace tessera::dataset
