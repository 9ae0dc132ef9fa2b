#include "shared_capture.hpp"
#include "unit_worker.hpp"
#include "work.hpp"
#include "workspace.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/ranges.h>

#include <tessera/base/error.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/process.hpp>
#include <tessera/base/stop.hpp>
#include <tessera/dataset/address_anonymiser.hpp>
#include <tessera/dataset/shard_writer.hpp>
#include <tessera/dataset/vocabulary.hpp>
#include <tessera/packet/left_out.hpp>
#include <tessera/preprocess/preprocess.hpp>

namespace tessera::preprocess {

void describe_content(base::OptionTable& options, PreprocessConfig& config) {
    options.section("preprocess")
        .add("filter", config.filter, "BPF expression of packets to use, as tcpdump takes it")
        .add("anonymise", config.anonymise,
             "file of 64 hex digits: addresses are stored under this key, prefixes preserved "
             "(Crypto-PAn)")
        .add("leave_out", config.leave_out,
             fmt::format("protocols to leave out: {} (datasets/FORMAT.md)",
                         fmt::join(packet::names_to_leave_out(), ", ")))
        .add("min_flow_packets", config.min_flow_packets,
             "flows of fewer packets are left out, and counted")
        .add("join", config.join,
             "captures that are one in several files (tcpdump -C, dumpcap -b): none, those of a "
             "folder, all; in order of time")
        .add("memory", config.memory,
             "bytes a rank may take; half of them hold flows (when full, the flow idle for longest "
             "is closed, and counted; one that has an eighth of them, or of its part's share, is "
             "cut, and counted), a quarter columns before they go to the disk")
        .add("share_bytes", config.share_bytes,
             "a capture of so many bytes or more is worked on by all ranks together; 0: never")
        .add("share_parts", config.share_parts,
             "parts such a capture is dealt into, 2 to 16, so that a store does not depend on how "
             "the capture is packed; 0: by its bytes and share_bytes");
    describe(options, config.capture);
    describe(options, config.token);
    describe(options, config.flow);
    describe(options, config.fragments);
    describe(options, config.burst);
}

namespace {

void check_store(PreprocessConfig const& config, PreprocessMode const& mode) {
    base::validate(!config.store.empty(), base::ExitCode::usage,
                   "no store named: give --store FOLDER");
    require_place(config.store, mode.replace);
}

// What a run reads must not go with the store that it replaces.
void require_inputs_apart(PreprocessConfig const& config, Work const& work) {
    auto const require_apart = [&](std::filesystem::path const& file) {
        base::validate(!would_be_removed(config.store, file), base::ExitCode::usage,
                       "'{}' is read, and lies in '{}', which is to be made anew: move it away, or "
                       "choose another --store",
                       base::printable(file.string()), base::printable(config.store.string()));
    };
    for (auto const& capture : work.captures) {
        require_apart(capture.path);
        for (auto const& piece : capture.pieces) require_apart(piece.path);
    }
    if (!config.labels.empty()) require_apart(config.labels);
    if (!config.anonymise.empty()) require_apart(config.anonymise);
}

/// One preprocessing run: what the ranks share, and the steps in order.
class Run {
  public:
    Run(comm::Communicator const& comm, PreprocessConfig const& config, base::FileSystem& files,
        PreprocessMode const& mode)
        : comm_(comm),
          config_(config),
          files_(files),
          mode_(mode),
          workspace_(files, config.store) {}

    PreprocessResult operator()() {
        comm::agreed(comm_, [&] { find(); });
        require_same_work();
        comm::agreed(comm_, [&] {
            if (comm_.is_root()) workspace_.prepare(work_.job);
        });
        comm::agreed(comm_, [&] { do_units(); });
        do_shared();
        auto const reports = gather();
        comm::agreed(comm_, [&] {
            if (comm_.is_root()) publish(reports);
        });
        sum_up(reports);
        return std::move(result_);
    }

  private:
    void find() {
        check_store(config_, mode_);
        work_ = find_work(config_);
        require_inputs_apart(config_, work_);
        result_.skipped = work_.skipped;
    }

    // Each rank has listed the captures itself; one that grew in between would shift all units.
    void require_same_work() {
        auto const all = comm::all_gather(comm_, work_.job);
        auto const other =
            std::ranges::find_if(all, [&](auto const& job) { return job != all[0]; });
        comm::agreed(comm_, [&] {
            base::validate(other == all.end(), base::ExitCode::environment,
                           "ranks 0 and {} see other captures, sizes or times of change: is a "
                           "capture still written to, or on one node alone?",
                           other - all.begin());
        });
    }

    // What a pipe brings tells nothing of what it brought before.
    bool may_be_taken_over(Unit const& unit) const {
        return std::ranges::all_of(std::span(work_.captures).subspan(unit.first, unit.captures),
                                   [](auto const& capture) { return capture.bytes > 0; });
    }

    void do_units() {
        auto const own = units_of_rank(work_.units, comm_.rank(), comm_.size());
        std::uint64_t bytes = 0;
        for (auto const unit : own) bytes += work_.units[unit].bytes;
        base::Progress progress(comm_.is_root() ? mode_.progress : base::ProgressMode::none,
                                "preprocess", "B", bytes);
        std::uint64_t done = 0;
        UnitWorker worker(config_, work_.rules, files_, [&](std::uint64_t more) {
            progress.update(done += more);
            heed_stop();
        });
        for (auto const unit : own) {
            heed_stop();
            auto report =
                may_be_taken_over(work_.units[unit]) ? workspace_.finished(unit) : std::nullopt;
            if (report) {
                reports_.emplace_back(unit, std::move(*report));
                ++resumed_;
                progress.update(done += work_.units[unit].bytes);
            } else {
                reports_.push_back(run_unit(worker, unit));
            }
        }
    }

    // A finished unit stays in the workspace: the next call begins with the one that was cut off.
    void heed_stop() const {
        base::validate(!base::stop_requested(), base::ExitCode::run_again,
                       "stopped by a signal: finished units are kept in '{}', run me again",
                       base::printable(workspace_.path().string()));
    }

    Finished run_unit(UnitWorker& worker, std::size_t number) {
        auto const& unit = work_.units[number];
        Finished done{number,
                      worker.run(workspace_.path(), number,
                                 std::span(work_.captures).subspan(unit.first, unit.captures))};
        workspace_.record(std::span(&done, 1));
        return done;
    }

    // Captures that all ranks read together, one after the other.
    void do_shared() {
        for (std::size_t unit = 0; unit < work_.units.size(); unit += work_.units[unit].parts) {
            if (work_.units[unit].is_shared() && !take_over(unit)) run_shared(unit);
        }
        std::sort(reports_.begin(), reports_.end(),
                  [](auto const& a, auto const& b) { return a.first < b.first; });
    }

    // True when an earlier run finished every part of the capture.
    bool take_over(std::size_t first) {
        std::vector<Finished> found;
        auto const& unit = work_.units[first];
        bool whole = true;
        comm::agreed(comm_, [&] {
            for (std::uint32_t part = 0; part < unit.parts; ++part) {
                if (SharedCapture::owner(part, unit, comm_.size()) != comm_.rank()) continue;
                auto report = workspace_.finished(first + part);
                whole = whole && report.has_value();
                if (report) found.emplace_back(first + part, std::move(*report));
            }
        });
        if (!comm::agree(comm_, whole)) return false;
        resumed_ += static_cast<std::int64_t>(found.size());
        std::move(found.begin(), found.end(), std::back_inserter(reports_));
        return true;
    }

    void run_shared(std::size_t first) {
        auto const& unit = work_.units[first];
        auto const& file = work_.captures[unit.first];
        base::Progress progress(comm_.is_root() ? mode_.progress : base::ProgressMode::none,
                                "preprocess", "B", file.bytes);
        std::uint64_t done = 0;
        std::optional<SharedCapture> shared;
        comm::agreed(comm_,
                     [&] { shared.emplace(comm_, config_, work_.rules, files_, file, unit); });
        auto reports = shared->run(workspace_.path(), first, [&](std::uint64_t more) {
            progress.update(done += more);
            heed_stop();
        });
        std::vector<Finished> finished;
        for (auto& [part, report] : reports) finished.emplace_back(first + part, std::move(report));
        comm::agreed(comm_, [&] { workspace_.record(finished); });
        std::move(finished.begin(), finished.end(), std::back_inserter(reports_));
    }

    // Every rank gets all reports, in order of units.
    std::vector<dataset::UnitReport> gather() {
        std::vector<dataset::UnitReport> reports(work_.units.size());
        for (auto const& lines : comm::all_gather(comm_, to_lines(reports_))) {
            for (auto const& [unit, text] : reports_in(lines)) {
                reports.at(unit) = dataset::unit_report_from(text);
            }
        }
        result_.resumed_units =
            static_cast<std::uint64_t>(comm::all_reduce(comm_, resumed_, comm::Op::sum));
        return reports;
    }

    void publish(std::vector<dataset::UnitReport> const& reports) {
        auto manifest = dataset::assemble(reports, dataset::token_identity(config_.token),
                                          work_.rules.sets(), content_settings(config_));
        manifest.index = dataset::write_index(files_, workspace_.path(), manifest);
        dataset::publish_vocabulary(files_, workspace_.path(), config_.token.vocabulary,
                                    manifest.identity.tokenizer);
        dataset::publish_manifest(files_, workspace_.path(), manifest);
        workspace_.publish(mode_.replace);
    }

    void sum_up(std::vector<dataset::UnitReport> const& reports) {
        result_.manifest = dataset::assemble(reports, dataset::token_identity(config_.token),
                                             work_.rules.sets(), content_settings(config_));
        for (auto const& capture : result_.manifest.captures) {
            if (!capture.fault) continue;
            result_.notices.push_back(fmt::format("'{}': {}", capture.path, *capture.fault));
        }
        for (auto const& failed : result_.manifest.captures_failed) {
            result_.notices.push_back(failed.reason);
        }
        warn_of_cut_flows();
        warn_of_unlabelled();
        auto const peak = static_cast<std::int64_t>(base::peak_resident_bytes());
        result_.cost.peak_memory_bytes =
            static_cast<std::uint64_t>(comm::all_reduce(comm_, peak, comm::Op::max));
        result_.cost.seconds = clock_.seconds();
    }

    void warn_of_cut_flows() {
        auto const& ends = result_.manifest.flow_ends;
        auto const cut = ends.find(flow::name(flow::FlowEnd::memory_share));
        if (cut == ends.end()) return;
        result_.warnings.push_back(
            fmt::format("{} flows were cut where they had all the memory that one flow may hold "
                        "(flow end memory_share): raise --memory",
                        cut->second));
    }

    void warn_of_unlabelled() {
        if (work_.unlabelled == 0) return;
        result_.warnings.push_back(
            fmt::format("{} of {} captures lie in no folder below their input, so their flows have "
                        "no class: give the folder above, or leave them out",
                        work_.unlabelled, work_.captures.size()));
    }

    comm::Communicator const& comm_;
    PreprocessConfig const& config_;
    base::FileSystem& files_;
    PreprocessMode const& mode_;
    Workspace workspace_;
    base::Stopwatch clock_;
    Work work_;
    std::vector<Finished> reports_;  // of this rank, by unit
    std::int64_t resumed_ = 0;
    PreprocessResult result_;
};

}  // namespace

void describe(base::OptionTable& options, PreprocessConfig& config) {
    options.section("preprocess")
        .add("input", config.input, "captures: files, folders, globs, @list of paths")
        .add("store", config.store, "folder of the token store to make")
        .add("labels", config.labels,
             "label rules, TOML or CSV (datasets/FORMAT.md), or the word "
             "folders: the folder that holds a capture is its class")
        .add("strict", config.strict, "stop at the first bad file")
        .add("share_memory", config.share_memory,
             "ranks of one node read a large plain pcap file once, together, through memory that "
             "they share; else they send each other packets, as ranks of several nodes do");
    describe_content(options, config);
}

flow::FlowConfig flow_settings(PreprocessConfig const& config) {
    constexpr std::int64_t least = 2 << 20;
    base::validate(config.memory >= least, base::ExitCode::usage,
                   "preprocess.memory is {} bytes: give {} (2 MiB) or more", config.memory, least);
    auto settings = config.flow;
    settings.memory = config.memory / 2;
    return settings;
}

std::uint64_t column_memory(PreprocessConfig const& config) {
    return static_cast<std::uint64_t>(config.memory) / 4;
}

std::string content_settings(PreprocessConfig const& config) {
    auto copy = config;  // the table binds to fields that may change; this one is only read
    if (!copy.anonymise.empty()) {  // which key, not where it lies
        copy.anonymise = "crypto-pan " + dataset::AddressAnonymiser(copy.anonymise).fingerprint();
    }
    if (!copy.token.vocabulary.empty()) copy.token.vocabulary = dataset::vocabulary_name;
    base::OptionTable options;
    describe_content(options, copy);
    return options.as_toml(false);
}

PreprocessPlan plan(PreprocessConfig const& config, PreprocessMode const& mode) {
    check_store(config, mode);
    auto const work = find_work(config);
    require_inputs_apart(config, work);
    return {work.captures.size(), work.bytes, work.units.size(), work.skipped};
}

PreprocessResult preprocess(comm::Communicator const& comm, PreprocessConfig const& config,
                            base::FileSystem& files, PreprocessMode const& mode) {
    return Run(comm, config, files, mode)();
}

}  // namespace tessera::preprocess
