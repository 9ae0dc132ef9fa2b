#include "split_file.hpp"

#include "json_reader.hpp"
#include "manifest_json.hpp"
#include "sealed_json.hpp"
#include "split_groups.hpp"

#include <algorithm>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/json.hpp>
#include <tessera/dataset/split.hpp>

// splits/NAME.json (datasets/FORMAT.md, "Split").
namespace tessera::dataset {

namespace {

namespace fs = std::filesystem;
using base::ExitCode;

fs::path split_path(fs::path const& store, std::string_view split) {
    return store / "splits" / (std::string(split) + ".json");
}

OrderedJson to_json(Overlap const& overlap) {
    return {{"shared", overlap.shared}, {"first", overlap.first}, {"second", overlap.second}};
}

OrderedJson to_json(PairAudit const& pair) {
    return {{"between", {name(pair.first), name(pair.second)}},
            {"flows", to_json(pair.flows)},
            {"five_tuples", to_json(pair.five_tuples)},
            {"captures", to_json(pair.captures)},
            {"servers", to_json(pair.servers)},
            {"clients", to_json(pair.clients)},
            {"flow_tokens", to_json(pair.flow_tokens)},
            {"sequences", to_json(pair.sequences)},
            {"packet_tokens", to_json(pair.packet_tokens)}};
}

OrderedJson to_json(Audit const& audit) {
    auto pairs = OrderedJson::array();
    for (auto const& pair : audit.pairs) pairs.push_back(to_json(pair));
    return pairs;
}

OrderedJson to_json(std::vector<MissingClass> const& missing) {
    auto list = OrderedJson::array();
    for (auto const& item : missing) {
        list.push_back(
            {{"class", item.class_name}, {"fold", name(item.fold)}, {"groups", item.groups}});
    }
    return list;
}

OrderedJson to_json(CleaningConfig const& config) {
    return {{"min_packets", config.min_packets},
            {"leave_out_duplicates", config.leave_out_duplicates},
            {"capture_cap", config.capture_cap},
            {"class_cap", config.class_cap},
            {"cap_in", config.cap_in}};
}

OrderedJson to_json(CleaningStage const& stage) {
    return {{"stage", stage.name},
            {"flows_in", stage.flows_in},
            {"flows_out", stage.flows_out},
            {"left_out", stage.left_out}};
}

OrderedJson to_json(DuplicateCounts const& counts) {
    return {{"alike", name(counts.alike)},
            {"sampled", counts.sampled},
            {"flows", counts.flows},
            {"duplicates", counts.duplicates},
            {"labelled", counts.labelled},
            {"conflicting", counts.conflicting},
            {"conflict_rate", counts.conflict_rate()},
            {"beyond_reach", counts.beyond_reach},
            {"ceiling", counts.ceiling()}};
}

OrderedJson to_json(SplitOrigin const& origin) {
    return {{"store", origin.store},
            {"split", origin.split},
            {"groups_left_out", origin.groups_left_out},
            {"flows_left_out", origin.flows_left_out}};
}

template <class Item>
OrderedJson all_of(std::vector<Item> const& items) {
    auto list = OrderedJson::array();
    for (auto const& item : items) list.push_back(to_json(item));
    return list;
}

CleaningConfig cleaning_from(JsonReader const& json) {
    CleaningConfig config;
    config.min_packets = json.at("min_packets").signed_integer();
    for (auto const& kind : json.at("leave_out_duplicates").items()) {
        config.leave_out_duplicates.push_back(kind.text());
    }
    config.capture_cap = json.at("capture_cap").signed_integer();
    config.class_cap = json.at("class_cap").signed_integer();
    config.cap_in = json.text("cap_in");
    return config;
}

DuplicateCounts duplicates_from(JsonReader const& json) {
    DuplicateCounts counts;
    counts.alike = alike_named(json.text("alike"));
    counts.sampled = json.integer("sampled");
    counts.flows = json.integer("flows");
    counts.duplicates = json.integer("duplicates");
    counts.labelled = json.integer("labelled");
    counts.conflicting = json.integer("conflicting");
    counts.beyond_reach = json.integer("beyond_reach");
    return counts;
}

Overlap overlap_from(JsonReader const& json) {
    return {json.integer("shared"), json.integer("first"), json.integer("second")};
}

Fold fold_from(JsonReader const& json) {
    for (auto const fold : {Fold::train, Fold::valid, Fold::test, Fold::excluded}) {
        if (json.text() == name(fold)) return fold;
    }
    json.fail("is no fold");
}

PairAudit pair_from(JsonReader const& json) {
    auto const between = json.at("between").items();
    json.require(between.size() == 2, "does not name two folds");
    return {fold_from(between[0]),
            fold_from(between[1]),
            overlap_from(json.at("flows")),
            overlap_from(json.at("five_tuples")),
            overlap_from(json.at("captures")),
            overlap_from(json.at("servers")),
            overlap_from(json.at("clients")),
            overlap_from(json.at("flow_tokens")),
            overlap_from(json.at("sequences")),
            overlap_from(json.at("packet_tokens"))};
}

SplitConfig config_from(JsonReader const& json) {
    SplitConfig config;
    config.name = json.text("name");
    config.by = json.text("by");
    config.seed = json.integer("seed");
    auto const fractions = json.at("fractions").items();
    json.require(fractions.size() == 3, "has not three fractions");
    config.train = fractions[0].number();
    config.valid = fractions[1].number();
    config.test = fractions[2].number();
    config.label_set = json.text("label_set");
    config.label_share = json.at("label_share").number();
    for (auto const& item : json.at("hold_out").items()) config.hold_out.push_back(item.text());
    if (json.has("cleaning")) config.cleaning = cleaning_from(json.at("cleaning"));
    return config;
}

SplitOrigin origin_from(JsonReader const& json) {
    return {json.text("store"), json.text("split"), json.integer("groups_left_out"),
            json.integer("flows_left_out")};
}

/// What the folds follow from.
Split rule_from(JsonReader const& json) {
    Split split;
    split.config = config_from(json);
    split.by = split_by(split.config.by);
    for (auto const& [group, fold] : json.at("groups").members()) {
        split.groups[group] = fold_from(fold);
    }
    auto const cuts = json.at("cuts_ns").items();
    json.require(cuts.size() == 2, "has not two cuts_ns");
    split.cuts = {cuts[0].signed_integer(), cuts[1].signed_integer()};
    if (json.has("like")) split.like = origin_from(json.at("like"));
    return split;
}

std::string folds_checksum(std::vector<Fold> const& folds) {
    return base::checksum(std::as_bytes(std::span(folds)));
}

OrderedJson request_json(Split const& split) {
    auto const& config = split.config;
    return {{"name", config.name},
            {"by", name(split.by)},
            {"seed", config.seed},
            {"fractions", {config.train, config.valid, config.test}},
            {"label_set", config.label_set},
            {"hold_out", config.hold_out},
            {"label_share", config.label_share},
            {"cleaning", to_json(config.cleaning)}};
}

OrderedJson describe_split(Store const& store, Split const& split) {
    std::map<std::string, std::string> groups;
    for (auto const& [group, fold] : split.groups) groups[group] = name(fold);
    auto flows = OrderedJson::object();
    for (std::size_t i = 0; i < fold_kinds; ++i) {
        flows[name(static_cast<Fold>(i))] = split.counts[i];
    }
    OrderedJson json{{"format", split_format}, {"version", format_version}};
    json.update(request_json(split));
    json.update(OrderedJson{{"store", store.manifest().checksum},
                            {"cuts_ns", split.cuts},
                            {"flows", flows},
                            {"folds", folds_checksum(split.folds())},
                            {"classes", split.classes},
                            {"missing", to_json(split.missing)},
                            {"cleaned", all_of(split.cleaned)},
                            {"duplicates", all_of(split.duplicates)},
                            {"audit", to_json(split.audit)},
                            {"sampled", split.audit.sampled},
                            {"groups", groups}});
    if (split.like) json["like"] = to_json(*split.like);
    return json;
}

void check_format(JsonReader const& json, std::string_view store, std::string_view split) {
    json.require(json.text("format") == split_format && json.integer("version") == format_version,
                 "is of another format or version");
    json.require(json.text("name") == split, "is another split than its file name says");
    json.require(json.text("store") == store,
                 "belongs to another store; make it again by `tessera split`");
}

}  // namespace

std::string to_json(Store const& store, Split const& split) {
    return describe_split(store, split)
        .dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

void publish_split(base::FileSystem& files, Store const& store, Split& split, Overwrite overwrite) {
    auto const path = split_path(store.path(), split.config.name);
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    base::validate(!error, ExitCode::environment, "cannot make '{}': {}",
                   base::printable(path.parent_path().string()), error.message());
    base::validate(overwrite == Overwrite::yes || !fs::exists(path, error), ExitCode::usage,
                   "'{}' exists; choose another name, or --force", base::printable(path.string()));
    auto const text = seal(describe_split(store, split), path);
    base::publish(files, path, text);
    split.checksum = seal_of(text);
}

namespace {

[[noreturn]] void refuse_absent(Store const& store, std::string_view split_name) {
    auto const shown = base::printable(store.path().string());
    auto const there = split_names(store.path());
    base::fail(ExitCode::bad_input, "'{}' has no split '{}': {}`tessera split` makes one", shown,
               split_name,
               there.empty() ? std::string()
                             : fmt::format("it has {} (--split); ", fmt::join(there, ", ")));
}

}  // namespace

Split load_split(Store const& store, std::string_view split_name) {
    base::validate(is_plain_name(split_name), ExitCode::usage,
                   "split name '{}' is not 1 to 64 of a-z 0-9 _ -", base::printable(split_name));
    auto const path = split_path(store.path(), split_name);
    if (!fs::exists(path)) refuse_absent(store, split_name);
    auto const sealed = read_sealed(path);
    JsonReader const json(sealed.content, base::printable(path.string()));
    check_format(json, store.manifest().checksum, split_name);
    auto split = rule_from(json);
    split.checksum = sealed.checksum;
    auto const of_store = flow_groups(store, split.by);
    split.apply_rule(store, of_store);
    json.require(json.text("folds") == folds_checksum(split.folds()),
                 "gives other folds than when it was made; make it again by `tessera split`");
    split.count_classes(store, of_store);
    for (auto const& pair : json.at("audit").items()) split.audit.pairs.push_back(pair_from(pair));
    split.audit.sampled = json.integer("sampled");
    if (json.has("duplicates")) {
        split.duplicates = list_from(json.at("duplicates"), duplicates_from);
    }
    return split;
}

// A line of JSON, then for each flow its fold and, above two bits, the sides of its packets.
std::string to_text(Split const& split) {
    auto json = request_json(split);
    json["checksum"] = split.checksum;
    auto text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
    text.reserve(text.size() + split.folds_.size());
    for (std::size_t i = 0; i < split.folds_.size(); ++i) {
        auto const sides = split.packet_sides_.empty() ? 0U : unsigned{split.packet_sides_[i]};
        text += static_cast<char>(static_cast<unsigned>(split.folds_[i]) | sides << 2U);
    }
    return text;
}

Split split_from(std::string_view text) {
    auto const flows = text.substr(text.find('\n') + 1);
    auto const request = base::parse_json<nlohmann::json>(text.substr(0, text.find('\n')));
    JsonReader const json(request, "a split from rank 0");
    Split split;
    split.config = config_from(json);
    split.by = split_by(split.config.by);
    split.checksum = json.text("checksum");
    for (auto const flow : flows) {
        auto const bits = static_cast<unsigned char>(flow);
        split.folds_.push_back(static_cast<Fold>(bits & 3U));
        if (split.by == SplitBy::leaky_legacy)
            split.packet_sides_.push_back(static_cast<std::uint8_t>(bits >> 2U));
    }
    split.count_flows();
    return split;
}

Split read_like(std::string const& like, std::string const& name) {
    fs::path const given(like);
    std::error_code absent;
    auto const is_store = fs::exists(given / "manifest.json", absent);
    auto const store = is_store ? given : given.parent_path();
    auto const split_name = is_store ? name : given.filename().string();
    auto const checksum = read_manifest(store).checksum;
    auto const path = split_path(store, split_name);
    auto const sealed = read_sealed(path);
    JsonReader const json(sealed.content, base::printable(path.string()));
    check_format(json, checksum, split_name);
    auto split = rule_from(json);
    split.like = {.store = checksum, .split = sealed.checksum};
    return split;
}

std::vector<std::string> split_names(fs::path const& store) {
    std::vector<std::string> names;
    std::error_code absent;
    for (auto const& entry : fs::directory_iterator(store / "splits", absent)) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace tessera::dataset
