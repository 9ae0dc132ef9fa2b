#include "verify_trained.hpp"

#include <functional>
#include <set>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/checkpoint/bundle.hpp>
#include <tessera/checkpoint/checkpoints.hpp>

namespace tessera::apps {

namespace fs = std::filesystem;

namespace {

using Findings = std::vector<dataset::Finding>;

void note(Findings& findings, fs::path const& what, std::function<void()> const& open) {
    try {
        open();
    } catch (base::Error const& fault) {
        findings.push_back({what.string(), fault.what()});
    }
}

void note_checkpoints(Findings& findings, fs::path const& run, fs::path const& folder) {
    checkpoint::Checkpoints const checkpoints(base::local_files(), folder / "checkpoints");
    for (auto const step : checkpoints.steps()) {
        note(findings, fs::relative(checkpoints.folder_of(step), run),
             [&] { static_cast<void>(checkpoints.open(step)); });
    }
}

// A stacked auto-encoder trains its layers one by one before the whole: each is a run of its own.
void note_layers(Findings& findings, fs::path const& run) {
    if (!fs::is_directory(run / "layers")) return;
    std::set<fs::path> layers;
    for (auto const& entry : fs::directory_iterator(run / "layers")) layers.insert(entry.path());
    for (auto const& layer : layers) note_checkpoints(findings, run, layer);
}

}  // namespace

bool is_trained(fs::path const& folder) {
    return checkpoint::is_bundle(folder) || fs::is_directory(folder / "checkpoints");
}

Findings verify_trained(fs::path const& folder) {
    Findings findings;
    if (checkpoint::is_bundle(folder)) {
        note(findings, "bundle.json", [&] { checkpoint::open_bundle(folder); });
        return findings;
    }
    note_checkpoints(findings, folder, folder);
    note_layers(findings, folder);
    if (fs::exists(folder / "bundle")) {
        note(findings, "bundle", [&] { checkpoint::open_bundle(folder / "bundle"); });
    }
    return findings;
}

}  // namespace tessera::apps
