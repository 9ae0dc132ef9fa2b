#include "gpu.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tessera::doctor {

namespace {

constexpr int cuda_of_pin = 12000;  // any driver of the CUDA 12 line runs the pinned LibTorch

Level level_of_lack(GpuUse use) {
    if (use == GpuUse::required) return Level::fault;
    return use == GpuUse::where_all ? Level::warning : Level::note;
}

Finding no_gpu(GpuFacts const& facts, GpuUse use) {
    if (facts.device_files > 0) {
        return {"gpu", Level::fault,
                fmt::format("{} GPUs in /dev, but the driver does not answer: {}",
                            facts.device_files, facts.error),
                "in a container: start it with --nv; else the NVIDIA driver of this node is not "
                "loaded"};
    }
    if (use == GpuUse::required) {
        return {"gpu", Level::fault, "no GPU on this node, and --device cuda wants one",
                "ask for one (--gpus-per-node=N), or train with --device cpu"};
    }
    return {"gpu", level_of_lack(use), "no GPU on this node", "training runs on the processors"};
}

std::string architecture_remedy(int architecture, std::vector<int> const& known) {
    auto const newest = known.empty() ? 0 : *std::ranges::max_element(known);
    if (architecture > newest)
        return "build against a newer LibTorch (-DTESSERA_LIBTORCH=<folder>)";
    return "V100 (sm_70) wants LibTorch 2.10 or older: CUDA 13, used from 2.11 on, has no code for "
           "it; older GPUs than V100 are not supported";
}

// Code for 8.0 also runs on 8.6: same major number, not newer.
bool has_code(int architecture, std::vector<int> const& known) {
    return std::ranges::any_of(
        known, [&](int one) { return one / 10 == architecture / 10 && one <= architecture; });
}

Findings judge_visible(GpuFacts const& facts) {
    Findings findings;
    if (facts.driver < cuda_of_pin) {
        findings.push_back({"gpu", Level::fault,
                            fmt::format("the driver knows CUDA {}.{} at most, LibTorch wants 12",
                                        facts.driver / 1000, facts.driver % 1000 / 10),
                            "update the NVIDIA driver to 525 or later"});
    }
    for (auto const& gpu : facts.gpus) {
        if (has_code(gpu.architecture, facts.architectures)) continue;
        findings.push_back(
            {"gpu", Level::fault,
             fmt::format("LibTorch has code for sm_{}, none for {} (sm_{})",
                         fmt::join(facts.architectures, ", sm_"), gpu.name, gpu.architecture),
             architecture_remedy(gpu.architecture, facts.architectures)});
    }
    return findings;
}

/// What is wrong with GPUs that the job leaves alone does not make it fail.
Findings for_use(Findings findings, GpuUse use) {
    for (auto& one : findings) {
        if (use == GpuUse::none) one.level = std::min(one.level, Level::note);
    }
    return findings;
}

}  // namespace

GpuUse gpu_use(std::string_view device, bool cuda_build) {
    if (device == "cuda") return GpuUse::required;
    return device == "auto" && cuda_build ? GpuUse::where_all : GpuUse::none;
}

Findings judge_gpus(GpuFacts const& facts, GpuUse use) {
    if (facts.gpus.empty()) return for_use({no_gpu(facts, use)}, use);
    auto findings = for_use(judge_visible(facts), use);
    if (!facts.cuda_build) {
        findings.push_back(
            {"gpu", Level::warning,
             fmt::format("{} GPUs here, but this build does not use them", facts.gpus.size()),
             "build with -DTESSERA_CUDA=ON"});
    }
    if (facts.cuda_build && facts.nccl.empty()) {
        findings.push_back({"nccl", use == GpuUse::none ? Level::note : Level::fault,
                            "NCCL cannot be loaded",
                            "put libnccl.so.2 of the nvidia-nccl-cu12 wheel beside LibTorch"});
    } else if (facts.cuda_build) {
        findings.push_back({"nccl", Level::fine, fmt::format("NCCL {}", facts.nccl), ""});
    }
    if (findings.empty() || findings[0].check != "gpu") {
        findings.push_back({"gpu", Level::fine,
                            fmt::format("{} x {} (sm_{}), driver for CUDA {}.{}", facts.gpus.size(),
                                        facts.gpus[0].name, facts.gpus[0].architecture,
                                        facts.driver / 1000, facts.driver % 1000 / 10),
                            ""});
    }
    return findings;
}

Findings judge_binding(std::vector<RankGpus> const& ranks, GpuUse use) {
    std::map<std::string, std::set<std::string>> gpus;
    std::map<std::string, std::size_t> ranks_on;
    bool any = false;
    bool narrowed = false;  // a rank sees fewer GPUs than its node offers to all
    for (auto const& rank : ranks) {
        ++ranks_on[rank.host];
        gpus[rank.host].insert(rank.uuids.begin(), rank.uuids.end());
        any = any || !rank.uuids.empty();
    }
    if (!any) return {};
    for (auto const& [host, count] : ranks_on) {
        if (count > gpus[host].size()) {
            return {{"gpu binding", level_of_lack(use),
                     fmt::format("{} ranks on {} share {} GPUs: training wants one for each", count,
                                 host, gpus[host].size()),
                     "to train on GPUs ask for --gpus-per-node=N --ntasks-per-node=N, without "
                     "--gpu-bind; look at CUDA_VISIBLE_DEVICES"}};
        }
    }
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
        if (ranks[rank].uuids.empty()) {
            return {{"gpu binding", level_of_lack(use),
                     fmt::format("rank {} on {} sees no GPU, others do", rank, ranks[rank].host),
                     "to train on GPUs give every task its own: --gpus-per-node=N "
                     "--ntasks-per-node=N"}};
        }
        narrowed = narrowed || ranks[rank].uuids.size() < gpus[ranks[rank].host].size();
    }
    if (narrowed) {
        return {{"gpu binding", use == GpuUse::none ? Level::note : Level::warning,
                 "ranks see only some of their node's GPUs",
                 "NCCL's direct path between GPUs may be lost: leave out --gpu-bind and "
                 "--gpus-per-task, each rank takes the GPU of its local number"}};
    }
    return {{"gpu binding", Level::fine, "a GPU for every rank, all visible to all", ""}};
}

}  // namespace tessera::doctor
