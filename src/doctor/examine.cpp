#include "folder.hpp"
#include "gpu.hpp"
#include "launch.hpp"
#include "libraries.hpp"
#include "limits.hpp"
#include "links.hpp"
#include "merge.hpp"
#include "network.hpp"
#include "watchdog.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tessera/base/error.hpp>
#include <tessera/base/process.hpp>
#include <tessera/base/version.hpp>
#include <tessera/comm/mpi_facts.hpp>
#include <tessera/doctor/examine.hpp>

namespace tessera::doctor {

namespace {

/// The examination of this rank, a check after the other.
class Visit {
  public:
    Visit(comm::Communicator const& comm, DoctorConfig const& config, int announced)
        : comm_(comm),
          config_(config),
          announced_(announced),
          watchdog_(std::chrono::seconds(config.limit_seconds),
                    fmt::format("rank {} on {}", comm.rank(), base::host_name())) {}

    Examination operator()() {
        watchdog_.begin("hosts");
        hosts_ = comm::all_gather(comm_, base::host_name());
        look_at_node();
        watchdog_.begin("equal programs");
        look_at_all();
        Examination result;
        watchdog_.begin("findings");
        result.findings = merged(comm_, own_, hosts_);
        if (!config_.links || comm_.size() == 1) return result;
        watchdog_.begin("clocks");
        auto const skews = measure_clocks(comm_);
        if (comm_.is_root()) take(result.findings, judge_clocks(skews, hosts_));
        watchdog_.begin("links");
        result.links = measure_links(comm_);
        take(result.findings, judge_links(result.links, hosts_));
        std::ranges::stable_sort(result.findings, std::ranges::greater{}, &Finding::level);
        return result;
    }

  private:
    static void take(Findings& into, Findings findings) {
        for (auto& one : findings) into.push_back(std::move(one));
    }

    /// Work on this rank alone: what it throws is a finding too, so that no rank waits for it.
    void check(std::string const& name, std::function<Findings()> const& work) {
        watchdog_.begin(name);
        try {
            take(own_, work());
        } catch (std::exception const& error) {
            own_.push_back({name, Level::fault, error.what(), "this check itself could not run"});
        }
    }

    int ranks_here() const {
        return static_cast<int>(std::ranges::count(hosts_, base::host_name()));
    }

    void look_at_node() {
        auto const mpi = comm::mpi_facts();
        check("mpi", [&] {
            return judge_launch({announced_, comm_.size(), mpi.library, mpi.standard});
        });
        check("hdf5", [] { return judge_hdf5(hdf5::hdf5_facts()); });
        check("libtorch", [] { return judge_torch(torch_facts()); });
        check("gpu", [&] {
            gpus_ = gpu_facts();
            return judge_gpus(gpus_, gpu_use(config_.device, gpus_.cuda_build));
        });
        check("libraries",
              [] { return judge_copies(loaded_libraries()); });  // after all are loaded
        check("network", [&] {
            std::set<std::string> const different(hosts_.begin(), hosts_.end());
            return judge_network(network_facts("/sys", different.size() > 1));
        });
        check("limits", [&] { return judge_limits(limit_facts("/dev/shm", ranks_here())); });
        check("folder", [&] {
            return judge_folder(folder_facts(config_.folder, comm_.rank()), config_.need_bytes);
        });
    }

    /// What is judged over all ranks: found on each, said by the root.
    void look_at_all() {
        auto const revisions = comm::all_gather(comm_, base::build_info().revision);
        auto const libraries = comm::all_gather(comm_, comm::mpi_facts().library);
        std::string uuids;
        for (auto const& gpu : gpus_.gpus) uuids += gpu.uuid + ' ';
        auto const seen = comm::all_gather(comm_, uuids);
        if (!comm_.is_root()) return;
        take(own_, judge_same("programs", "revision", revisions,
                              "install the same build on every node, or in a shared folder"));
        auto same_mpi =
            judge_same("mpi", "MPI library", libraries, "load the same MPI module on every node");
        if (same_mpi[0].level == Level::fault) take(own_, std::move(same_mpi));
        std::vector<RankGpus> ranks;
        for (std::size_t rank = 0; rank < seen.size(); ++rank) {
            std::istringstream words(seen[rank]);
            ranks.push_back({hosts_[rank], {}});
            for (std::string uuid; words >> uuid;) ranks.back().uuids.push_back(uuid);
        }
        take(own_, judge_binding(ranks, gpu_use(config_.device, gpus_.cuda_build)));
    }

    comm::Communicator const& comm_;
    DoctorConfig const& config_;
    int announced_;
    Watchdog watchdog_;
    std::vector<std::string> hosts_;  // by rank
    GpuFacts gpus_;
    Findings own_;
};

}  // namespace

void describe(base::OptionTable& options, DoctorConfig& config) {
    options.section("doctor")
        .add("folder", config.folder, "where the job will write")
        .add("need_bytes", config.need_bytes, "free bytes that it wants there")
        .add("device", config.device,
             "what it computes on, as train.device says; cpu for what does not train",
             {"auto", "cpu", "cuda"})
        .add("limit_seconds", config.limit_seconds, "a check that takes longer ends the program")
        .add("links", config.links, "measure clocks, latency and bandwidth between the ranks");
}

bool Examination::ok() const {
    return std::ranges::none_of(findings,
                                [](auto const& one) { return one.level == Level::fault; });
}

Examination examine(comm::Communicator const& comm, DoctorConfig const& config, int announced) {
    comm::agreed(comm, [&] {
        base::validate(config.limit_seconds > 0, base::ExitCode::usage,
                       "limit_seconds must be positive");
    });
    return Visit(comm, config, announced)();
}

}  // namespace tessera::doctor
