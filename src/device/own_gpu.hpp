#pragma once

#include <string>
#include <vector>

namespace tessera::device {

/// Host and PCI bus of this rank's GPU number `device`: what no other GPU is called, also where the
/// launcher shows each rank its own as number 0. Error(environment) when CUDA does not tell, or the
/// program was built without it.
std::string gpu_name(int device);

/// Why not every rank has a GPU of its own; empty: each has. `gpus` by rank, as `gpu_name` calls
/// them; empty for a rank that finds none.
std::string lack_of_gpus(std::vector<std::string> const& gpus);

}  // namespace tessera::device
