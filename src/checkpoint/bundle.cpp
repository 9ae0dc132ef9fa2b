#include "sealed_json.hpp"
#include "state_json.hpp"
#include "synced_text.hpp"

#include <tessera/base/error.hpp>
#include <tessera/checkpoint/bundle.hpp>

namespace tessera::checkpoint {

namespace fs = std::filesystem;
using base::ExitCode;
using Json = nlohmann::ordered_json;

namespace {

constexpr auto format_name = "tessera bundle 1";
constexpr auto weights_name = "model.safetensors";
constexpr auto preprocess_name = "preprocess.toml";
constexpr auto model_name = "model.toml";
constexpr auto data_name = "data.toml";
constexpr auto vocabulary_name = "vocabulary.txt";
constexpr auto manifest_name = "bundle.json";
constexpr std::size_t longest_settings = std::size_t{1} << 20U;     // bytes
constexpr std::size_t longest_vocabulary = std::size_t{64} << 20U;  // bytes

Json json_of(BundleInfo const& info) {
    return {{"task", info.task},
            {"label_set", info.label_set},
            {"classes", info.classes},
            {"tokenizer", info.tokenizer},
            {"masking", info.masking},
            {"token_settings", info.token_settings},
            {"sequence_length", info.sequence_length},
            {"temperature", info.temperature},
            {"unknown_below", info.unknown_below},
            {"provenance", info.provenance},
            {"build", checkpoint::to_json(info.build)}};
}

BundleInfo info_from_json(Json const& json) {
    BundleInfo info;
    info.task = json.at("task");
    info.label_set = json.at("label_set");
    info.classes = json.at("classes").get<std::vector<std::string>>();
    info.tokenizer = json.at("tokenizer");
    info.masking = json.at("masking");
    info.token_settings = json.at("token_settings");
    info.sequence_length = json.at("sequence_length");
    info.temperature = json.at("temperature");
    info.unknown_below = json.at("unknown_below");
    base::validate(info.temperature > 0, ExitCode::bad_input,
                   "the temperature {} of a bundle is not above 0", info.temperature);
    info.provenance = json.at("provenance").get<std::map<std::string, std::string>>();
    info.build = build_from_json(json.at("build"));
    return info;
}

void write_files(base::FileSystem& files, fs::path const& folder, BundleInfo const& info,
                 std::span<NamedTensor const> weights) {
    Json hashes{
        {weights_name, write_safetensors(files, folder / weights_name, weights)},
        {preprocess_name, write_synced(files, folder / preprocess_name, info.preprocess_toml)},
        {model_name, write_synced(files, folder / model_name, info.model_toml)},
        {data_name, write_synced(files, folder / data_name, info.data_toml)}};
    if (!info.vocabulary.empty()) {
        hashes[vocabulary_name] = write_synced(files, folder / vocabulary_name, info.vocabulary);
    }
    Json const content{{"format", format_name}, {"bundle", json_of(info)}, {"files", hashes}};
    write_synced(files, folder / manifest_name, seal(content));
}

void check_hash(fs::path const& path, std::string const& found, Json const& hashes) {
    base::validate(found == hashes.at(path.filename().string()), ExitCode::bad_input,
                   "'{}' is damaged: its checksum does not match {}",
                   base::printable(path.string()), manifest_name);
}

std::string read_hashed(fs::path const& path, Json const& hashes,
                        std::size_t limit = longest_settings) {
    auto text = base::read_text(path, limit);
    check_hash(path, checksum_of(text), hashes);
    return text;
}

}  // namespace

bool is_bundle(fs::path const& folder) {
    return fs::is_regular_file(folder / manifest_name);
}

void require_bundle_place(fs::path const& folder) {
    std::error_code error;
    bool const free = !fs::exists(folder) || is_bundle(folder) ||
                      (fs::is_directory(folder) && fs::is_empty(folder, error));
    base::validate(free, ExitCode::usage,
                   "'{}' is there and no bundle: name a new folder for the bundle",
                   base::printable(folder.string()));
}

void write_bundle(base::FileSystem& files, fs::path const& folder, BundleInfo const& info,
                  std::span<NamedTensor const> weights) {
    auto const aside = fs::path(folder).concat(".tmp");
    std::error_code error;
    files.remove(aside);
    fs::create_directories(aside, error);
    base::validate(!error, ExitCode::environment, "cannot create '{}': {}",
                   base::printable(aside.string()), error.message());
    write_files(files, aside, info, weights);
    require_bundle_place(folder);
    files.remove(folder);
    base::publish_folder(files, aside, folder);
}

Bundle open_bundle(fs::path const& folder) {
    auto const shown = base::printable(folder.string());
    base::validate(is_bundle(folder), ExitCode::bad_input, "'{}' is no bundle: it has no {}", shown,
                   manifest_name);
    auto const content = unseal(folder / manifest_name);
    try {
        base::validate(content.at("format") == format_name, ExitCode::bad_input,
                       "'{}' is of another format than '{}'", shown, format_name);
        auto const& hashes = content.at("files");
        Bundle bundle{.folder = folder,
                      .info = info_from_json(content.at("bundle")),
                      .weights = SafetensorsFile(folder / weights_name)};
        check_hash(folder / weights_name, bundle.weights.checksum(), hashes);
        bundle.info.preprocess_toml = read_hashed(bundle.preprocess_file(), hashes);
        bundle.info.model_toml = read_hashed(bundle.model_file(), hashes);
        bundle.info.data_toml = read_hashed(bundle.data_file(), hashes);
        if (hashes.contains(vocabulary_name)) {
            bundle.info.vocabulary =
                read_hashed(bundle.vocabulary_file(), hashes, longest_vocabulary);
        }
        return bundle;
    } catch (nlohmann::json::exception const& fault) {
        base::fail(ExitCode::bad_input, "'{}' lacks something: {}", shown, fault.what());
    }
}

}  // namespace tessera::checkpoint
