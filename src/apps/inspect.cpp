// tessera inspect: what a capture, a store or a bundle holds, and how a run stands.
#include "command.hpp"
#include "inspect_bundle.hpp"
#include "inspect_run.hpp"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tessera/base/files.hpp>
#include <tessera/base/stop.hpp>
#include <tessera/capture/capture_reader.hpp>
#include <tessera/dataset/manifest.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/packet/decode.hpp>

namespace {

using namespace tessera;
using nlohmann::json;

void print_store(std::filesystem::path const& path, bool as_json) {
    auto const manifest = dataset::read_manifest(path);
    if (as_json) {
        fmt::print("{}\n", dataset::summary_json(manifest));
        return;
    }
    fmt::print("token store, {} shards\n", manifest.shards.size());
    fmt::print("  captures  {:>12} ({} unreadable)\n", dataset::captures_read(manifest),
               manifest.captures_failed.size());
    fmt::print("  packets   {:>12} kept of {} read\n", manifest.packets_kept,
               manifest.packets_read);
    for (auto const& [reason, count] : manifest.packets_dropped) {
        fmt::print("    dropped {:>12} {}\n", count, reason);
    }
    for (auto const& [kind, count] : manifest.tunnels) {
        fmt::print("    in      {:>12} {}, {} packet used\n", count, kind,
                   manifest.identity.tunnels);
    }
    fmt::print("  flows     {:>12}\n  bursts    {:>12}\n  tokens    {:>12}\n",
               manifest.counts.flows, manifest.counts.bursts, manifest.counts.tokens);
    fmt::print("  tokenizer {}, masking {}\n", manifest.identity.tokenizer.name,
               manifest.identity.masking);
    for (auto const& set : manifest.labels) {
        fmt::print("  labels '{}': {} classes, {} flows without one\n", set.name,
                   set.classes.size(), set.unlabelled);
    }
    for (auto const& name : dataset::split_names(path)) fmt::print("  split '{}'\n", name);
}

struct CaptureCount {
    std::uint64_t packets = 0;
    std::uint64_t kept = 0;
    packet::DropCounts drops;
};

CaptureCount count(capture::CaptureReader& reader) {
    CaptureCount counts;
    packet::Frame frame;
    while (reader.next(frame)) {
        ++counts.packets;
        auto const decoded = packet::decode(frame);
        if (auto const* drop = std::get_if<packet::Drop>(&decoded)) {
            counts.drops.add(*drop);
        } else {
            ++counts.kept;
        }
    }
    return counts;
}

bool print_capture(std::filesystem::path const& path, bool as_json) {
    auto const reader = capture::open_capture(path, {});
    auto const counts = count(*reader);
    auto const fault = reader->fault();
    json dropped = json::object();
    for (std::size_t i = 0; i < packet::drop_reasons; ++i) {
        auto const reason = static_cast<packet::Drop>(i);
        if (counts.drops[reason] > 0) dropped[packet::name(reason)] = counts.drops[reason];
    }
    json result{{"format", reader->format()},
                {"packets_read", counts.packets},
                {"packets_kept", counts.kept},
                {"packets_dropped", dropped},
                {"fault", fault ? json(capture::to_text(*fault)) : json()}};
    if (as_json) {
        fmt::print("{}\n", result.dump(2));
        return !fault;
    }
    fmt::print("{}: {} packets, {} of TCP or UDP\n", reader->format(), counts.packets, counts.kept);
    for (auto const& [reason, number] : dropped.items()) {
        fmt::print("  dropped {:>12} {}\n", number.get<std::uint64_t>(), reason);
    }
    if (fault) fmt::print("  damaged: {}\n", capture::to_text(*fault));
    return !fault;
}

/// Again and again, until the run is done or somebody presses Ctrl-C.
void print_run(std::filesystem::path const& path, bool as_json, std::int64_t watch) {
    for (auto wait = std::int64_t{0};;) {
        if (wait == 0) {
            auto const state = apps::read_run(path);
            fmt::print("{}\n", as_json ? apps::to_json(state) : apps::to_table(state));
            std::fflush(stdout);
            if (watch <= 0 || state.done) return;
            wait = watch;
        }
        std::this_thread::sleep_for(std::chrono::seconds(1));
        if (base::stop_requested()) return;
        --wait;
    }
}

}  // namespace

int main(int argc, char** argv) {
    apps::Command command("inspect", "what a capture, store, run or bundle holds");
    command.offer({apps::Flag::json}).heed_stop_signals();
    std::string path;
    std::int64_t watch = 0;
    command.positional("PATH", "capture file, token store, folder of a run, or bundle", path);
    command.options().section("inspect").add(
        "watch", watch, "seconds between two looks at a run, until it is done; 0: one look");
    return command.run(argc, argv, [&](comm::Communicator const& comm) {
        auto whole = true;
        if (comm.is_root() && apps::is_run(path)) {
            print_run(path, command.common().json, watch);
        } else if (comm.is_root() && apps::is_bundle(path)) {
            fmt::print("{}\n",
                       command.common().json ? apps::bundle_json(path) : apps::bundle_table(path));
        } else if (comm.is_root() && std::filesystem::is_directory(path)) {
            print_store(path, command.common().json);
        } else if (comm.is_root()) {
            whole = print_capture(path, command.common().json);
        }
        return comm::agree(comm, whole) ? base::ExitCode::done : base::ExitCode::bad_input;
    });
}
