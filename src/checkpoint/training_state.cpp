#include "state_json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/checkpoint/training_state.hpp>

namespace tessera::checkpoint {

using Json = nlohmann::ordered_json;

Json to_json(base::BuildInfo const& build) {
    return {{"version", build.version},
            {"revision", build.revision},
            {"compiler", build.compiler},
            {"flags", build.flags}};
}

base::BuildInfo build_from_json(Json const& json) {
    return {.version = json.at("version"),
            .revision = json.at("revision"),
            .compiler = json.at("compiler"),
            .flags = json.at("flags")};
}

Json to_json(TrainingState const& state) {
    return {{"step", state.step},
            {"updates", state.updates},
            {"skipped", state.skipped},
            {"skipped_in_row", state.skipped_in_row},
            {"rollbacks", state.rollbacks},
            {"samples", state.samples},
            {"seed", state.seed},
            {"global_batch", state.global_batch},
            {"train_iters", state.train_iters},
            {"ranks", state.ranks},
            {"best_step", state.best_step},
            {"best_score", state.best_score},
            {"validation_due", state.validation_due},
            {"loss_scale", state.loss_scale},
            {"loss_scale_steps", state.loss_scale_steps},
            {"elapsed_seconds", state.elapsed_seconds},
            {"running", state.running},
            {"running_seconds", state.running_seconds},
            {"schedule", state.schedule},
            {"identity", state.identity},
            {"origin", state.origin},
            {"build", to_json(state.build)}};
}

TrainingState state_from_json(Json const& json) {
    return {.step = json.at("step"),
            .updates = json.at("updates"),
            .skipped = json.at("skipped"),
            .skipped_in_row = json.at("skipped_in_row"),
            .rollbacks = json.at("rollbacks"),
            .samples = json.at("samples"),
            .seed = json.at("seed"),
            .global_batch = json.at("global_batch"),
            .train_iters = json.at("train_iters"),
            .ranks = json.at("ranks"),
            .best_step = json.at("best_step"),
            .best_score = json.at("best_score"),
            .validation_due = json.value("validation_due", false),  // earlier files have none
            .loss_scale = json.at("loss_scale"),
            .loss_scale_steps = json.at("loss_scale_steps"),
            .elapsed_seconds = json.at("elapsed_seconds"),
            .running = json.at("running").get<std::vector<std::int64_t>>(),
            .running_seconds = json.at("running_seconds"),
            .schedule = json.at("schedule"),
            .identity = json.at("identity").get<Identity>(),
            .origin = json.value("origin", Identity()),  // likewise
            .build = build_from_json(json.at("build"))};
}

std::string to_text(TrainingState const& state) {
    return to_json(state).dump();
}

TrainingState training_state_from(std::string const& text) {
    return state_from_json(Json::parse(text));
}

namespace {

std::string value_of(Identity const& identity, std::string const& part) {
    auto const found = identity.find(part);
    return found == identity.end() ? "absent" : base::printable(found->second);
}

}  // namespace

std::string differences(Identity const& one, Identity const& other, SayDifference const& say) {
    auto parts = one;
    parts.insert(other.begin(), other.end());
    std::vector<std::string> said;
    for (auto const& [part, unused] : parts) {
        auto const here = value_of(one, part);
        auto const there = value_of(other, part);
        if (here != there) said.push_back(say(base::printable(part), here, there));
    }
    return fmt::format("{}", fmt::join(said, "; "));
}

void require_same(Identity const& saved, Identity const& current, std::string_view where) {
    auto const changes = differences(saved, current, [](auto& part, auto& before, auto& now) {
        return fmt::format("{} was {}, is {}", part, before, now);
    });
    base::validate(changes.empty(), base::ExitCode::usage,
                   "cannot go on with '{}': {}; use what it was started with, or another folder",
                   base::printable(where), changes);
}

}  // namespace tessera::checkpoint
