#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

struct Gpu {
    std::string name;
    std::string uuid;
    int architecture = 0;  ///< compute capability times ten: 70 is V100, 90 is H100
};

struct GpuFacts {
    int device_files = 0;     ///< /dev/nvidia0, 1, ..
    std::string error;        ///< why the driver cannot be asked; empty: it was, or there is none
    int driver = 0;           ///< newest CUDA of the driver: 12080 is 12.8
    std::vector<Gpu> gpus;    ///< those that this rank sees
    bool cuda_build = false;  ///< this program can use them
    std::vector<int> architectures;  ///< GPU code in the pinned LibTorch
    std::string nccl;                ///< version; empty where the build has none
};

GpuFacts gpu_facts();

/// What a job does with GPUs.
enum class GpuUse {
    none,       ///< computes on processors
    where_all,  ///< computes on GPUs where every rank has one, else on processors
    required,   ///< fails without
};

/// Of a job with `train.device` = `device` (auto, cpu, cuda).
GpuUse gpu_use(std::string_view device, bool cuda_build);

/// A GPU that cannot be used is a fault for a job that would use it, else a note.
Findings judge_gpus(GpuFacts const& facts, GpuUse use);

/// The GPUs that one rank sees, as told to all others.
struct RankGpus {
    std::string host;
    std::vector<std::string> uuids;
};

/// One GPU a rank on each node? `ranks` in order of rank. Where not, it is a fault for a job that
/// fails of it, a warning for one that then computes on processors, a note for one that does
/// anyway.
Findings judge_binding(std::vector<RankGpus> const& ranks, GpuUse use);

}  // namespace tessera::doctor
