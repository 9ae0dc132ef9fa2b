#include "sealed_json.hpp"
#include "state_json.hpp"
#include "synced_text.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/checkpoint/checkpoints.hpp>

namespace tessera::checkpoint {

namespace fs = std::filesystem;
using base::ExitCode;
using Json = nlohmann::ordered_json;

namespace {

constexpr auto model_name = "model.safetensors";
constexpr auto optimizer_name = "optimizer.safetensors";
constexpr auto state_name = "state.json";
constexpr auto format_name = "tessera checkpoint 1";
constexpr std::string_view step_prefix = "step-";
constexpr std::string_view aside_prefix = ".step-";
constexpr std::string_view aside_suffix = ".tmp";

std::optional<std::int64_t> step_of(fs::path const& folder) {
    auto const name = folder.filename().string();
    if (!name.starts_with(step_prefix)) return std::nullopt;
    std::int64_t step = 0;
    auto const* const end = name.data() + name.size();
    auto const result = std::from_chars(name.data() + step_prefix.size(), end, step);
    if (result.ec != std::errc() || result.ptr != end || step < 0) return std::nullopt;
    return step;
}

SafetensorsFile open_hashed(fs::path const& folder, char const* name, Json const& content) {
    SafetensorsFile file(folder / name);
    base::validate(file.checksum() == content.at("files").at(name), ExitCode::bad_input,
                   "'{}' is damaged: its checksum does not match state.json",
                   base::printable((folder / name).string()));
    return file;
}

/// What `read` gives of the content of a state.json, which may lack what it asks for.
template <class Read>
auto read_state(fs::path const& folder, Read const& read) {
    auto const content = unseal(folder / state_name);
    try {
        base::validate(content.at("format") == format_name, ExitCode::bad_input,
                       "'{}' is of format '{}', this program reads '{}'",
                       base::printable(folder.string()),
                       base::printable(content.at("format").get<std::string>()), format_name);
        return read(content);
    } catch (nlohmann::json::exception const& fault) {
        base::fail(ExitCode::bad_input, "'{}' lacks something: {}",
                   base::printable((folder / state_name).string()), fault.what());
    }
}

}  // namespace

Checkpoint open_checkpoint(fs::path const& folder) {
    return read_state(folder, [&](Json const& content) -> Checkpoint {
        return {.state = state_from_json(content.at("state")),
                .model = open_hashed(folder, model_name, content),
                .optimizer = open_hashed(folder, optimizer_name, content)};
    });
}

Checkpoints::Checkpoints(base::FileSystem& files, fs::path folder, Retention retention)
    : files_(files), folder_(std::move(folder)), retention_(retention) {
    base::validate(retention_.last >= 2 && retention_.every >= 0, ExitCode::usage,
                   "keep at least 2 checkpoints, so that one damaged file does not end the run");
}

fs::path Checkpoints::folder_of(std::int64_t step) const {
    return folder_ / fmt::format("{}{}", step_prefix, step);
}

/// What lies in the folder; nothing where there is none.
std::vector<fs::path> Checkpoints::items() const {
    std::vector<fs::path> found;
    std::error_code error;
    fs::directory_iterator item(folder_, error);
    if (error == std::errc::no_such_file_or_directory) return found;
    for (; !error && item != fs::directory_iterator(); item.increment(error))
        found.push_back(item->path());
    base::validate(!error, ExitCode::environment,
                   "cannot list the checkpoints in '{}': {}; run again when the folder can be read",
                   base::printable(folder_.string()), error.message());
    return found;
}

std::vector<std::int64_t> Checkpoints::steps() const {
    std::vector<std::int64_t> found;
    for (auto const& item : items()) {
        if (auto const step = step_of(item)) found.push_back(*step);
    }
    std::ranges::sort(found);
    return found;
}

Checkpoint Checkpoints::open(std::int64_t step) const {
    auto checkpoint = open_checkpoint(folder_of(step));
    base::validate(checkpoint.state.step == step, ExitCode::bad_input,
                   "'{}' holds step {}: the folder was renamed",
                   base::printable(folder_of(step).string()), checkpoint.state.step);
    return checkpoint;
}

std::optional<Checkpoint> Checkpoints::newest() const {
    auto const all = steps();
    for (auto step = all.rbegin(); step != all.rend(); ++step) {
        try {
            return open(*step);
        } catch (base::Error const& fault) {
            base::log_warning("passing over a checkpoint, going back to the one before: {}",
                              fault.what());
        }
    }
    base::validate(all.empty(), ExitCode::bad_input,
                   "none of the {} checkpoints in '{}' opens (warnings above): bring one back from "
                   "a copy, or remove that folder to begin anew",
                   all.size(), base::printable(folder_.string()));
    return std::nullopt;
}

std::optional<TrainingState> Checkpoints::newest_state() const {
    auto const all = steps();
    for (auto step = all.rbegin(); step != all.rend(); ++step) {
        try {
            return read_state(folder_of(*step), [](Json const& content) {
                return state_from_json(content.at("state"));
            });
        } catch (base::Error const& fault) {
            base::log_debug("{}", fault.what());  // whoever goes on from it says more
        }
    }
    return std::nullopt;
}

std::optional<Checkpoint> Checkpoints::resume() {
    for (auto const& item : items()) {
        auto const name = item.filename().string();
        if (name.starts_with(aside_prefix) && name.ends_with(aside_suffix)) files_.remove(item);
    }
    auto found = newest();
    resumed_ = found.has_value();
    return found;
}

void Checkpoints::write(fs::path const& folder, TrainingState const& state,
                        std::span<NamedTensor const> model,
                        std::span<NamedTensor const> optimizer) {
    Json const files{
        {model_name, write_safetensors(files_, folder / model_name, model)},
        {optimizer_name, write_safetensors(files_, folder / optimizer_name, optimizer)}};
    Json const content{{"format", format_name}, {"state", to_json(state)}, {"files", files}};
    write_synced(files_, folder / state_name, seal(content));
}

void Checkpoints::save(TrainingState const& state, std::span<NamedTensor const> model,
                       std::span<NamedTensor const> optimizer) {
    auto const aside = folder_ / fmt::format("{}{}{}", aside_prefix, state.step, aside_suffix);
    auto const final_place = folder_of(state.step);
    std::error_code error;
    files_.remove(aside);
    fs::create_directories(aside, error);
    base::validate(!error, ExitCode::environment, "cannot create '{}': {}",
                   base::printable(aside.string()), error.message());
    try {
        write(aside, state, model, optimizer);
        files_.remove(final_place);  // a damaged one: a whole one would have been resumed from
        base::publish_folder(files_, aside, final_place);
    } catch (...) {
        fs::remove_all(aside, error);
        throw;
    }
    let_go(state);
}

void Checkpoints::amend(TrainingState const& state) {
    auto const file = folder_of(state.step) / state_name;
    auto content = unseal(file);
    content["state"] = to_json(state);
    base::publish(files_, file, seal(content));
}

// Steps past the newest are damaged ones that were passed over when the run went on from before
// them; where it did not go on from any, they are somebody's and stay.
void Checkpoints::let_go(TrainingState const& newest) {
    auto const all = steps();
    auto const past = std::ranges::upper_bound(all, newest.step);
    auto const last = std::min(past - all.begin(), static_cast<std::ptrdiff_t>(retention_.last));
    std::set<std::int64_t> kept(past - last, past);
    for (auto const step : all) {
        bool const milestone = retention_.every > 0 && step % retention_.every == 0;
        if (milestone && step <= newest.step) kept.insert(step);
        if (step == newest.best_step) kept.insert(step);
    }
    for (auto const step : all) {
        bool const foreign = step > newest.step && !resumed_;
        if (!kept.contains(step) && !foreign) files_.remove(folder_of(step));
    }
}

}  // namespace tessera::checkpoint
