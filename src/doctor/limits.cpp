#include "limits.hpp"

#include <cstdlib>

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include <tessera/base/progress.hpp>

namespace tessera::doctor {

namespace {

// A rank maps its shards and keeps some sockets a peer.
constexpr std::uint64_t least_open_files = 256;
constexpr std::uint64_t good_open_files = 4096;
// A shard of the default size with its columns stays below; checkpoints of the base model are 2.1
// GB.
constexpr std::uint64_t least_file_bytes = 4ULL << 30U;
// Open MPI 4.1 makes a segment of 4 MiB a rank, and PMIx and others their own.
constexpr std::uint64_t least_shared_bytes = 16ULL << 20U;

std::uint64_t limit(int resource) {
    rlimit value{};
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &value) != 0) return unlimited;
    return value.rlim_cur == RLIM_INFINITY ? unlimited : value.rlim_cur;
}

std::string bytes(std::uint64_t count) {
    return base::short_count(static_cast<double>(count)) + "B";
}

Finding judge_open_files(std::uint64_t files) {
    auto const cause = fmt::format("{} open files allowed", files);
    if (files >= good_open_files) return {"limits", Level::fine, "enough open files allowed", ""};
    return {"limits", files < least_open_files ? Level::fault : Level::warning, cause,
            "raise it: `ulimit -n 4096`, or the nofile limit of this node; Slurm passes on the "
            "limit of the submitting shell"};
}

}  // namespace

LimitFacts limit_facts(std::filesystem::path const& shared, int ranks_on_node) {
    LimitFacts facts;
    facts.open_files = limit(RLIMIT_NOFILE);
    facts.file_bytes = limit(RLIMIT_FSIZE);
    facts.locked_bytes = limit(RLIMIT_MEMLOCK);
    facts.ranks_on_node = ranks_on_node;
    struct statvfs info {};
    if (::statvfs(shared.c_str(), &info) == 0)
        facts.shared_bytes = std::uint64_t{info.f_bavail} * info.f_frsize;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0) facts.processors = CPU_COUNT(&set);
    if (auto const* text = std::getenv("OMP_NUM_THREADS")) facts.threads = std::atoi(text);
    std::error_code ignored;
    facts.infiniband = std::filesystem::exists("/dev/infiniband", ignored);
    return facts;
}

Findings judge_limits(LimitFacts const& facts) {
    Findings findings{judge_open_files(facts.open_files)};
    if (facts.file_bytes < least_file_bytes) {
        findings.push_back({"limits", Level::fault,
                            fmt::format("files of at most {} allowed", bytes(facts.file_bytes)),
                            "raise it: `ulimit -f unlimited`; shards and checkpoints are larger"});
    }
    auto const wanted = least_shared_bytes * static_cast<std::uint64_t>(facts.ranks_on_node);
    if (facts.shared_bytes < wanted) {
        findings.push_back(
            {"shared memory", Level::fault,
             fmt::format("{} free in /dev/shm for {} ranks, {} wanted", bytes(facts.shared_bytes),
                         facts.ranks_on_node, bytes(wanted)),
             "remove old files from /dev/shm, or give the container more "
             "(--shm-size); or export OMPI_MCA_btl=self,tcp"});
    } else {
        findings.push_back({"shared memory", Level::fine,
                            fmt::format("{} free in /dev/shm", bytes(facts.shared_bytes)), ""});
    }
    if (facts.infiniband && facts.locked_bytes != unlimited) {
        findings.push_back({"limits", Level::warning,
                            fmt::format("InfiniBand is here, but only {} may be locked in memory",
                                        bytes(facts.locked_bytes)),
                            "set the memlock limit of this node to unlimited"});
    }
    if (facts.threads > facts.processors) {
        findings.push_back(
            {"processors", Level::warning,
             fmt::format("{} threads a rank on {} processors", facts.threads, facts.processors),
             "ask for --cpus-per-task as many, or lower OMP_NUM_THREADS"});
    }
    return findings;
}

}  // namespace tessera::doctor
