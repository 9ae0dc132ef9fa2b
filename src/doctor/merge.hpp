#pragma once

#include <string>
#include <vector>

#include <tessera/comm/communicator.hpp>
#include <tessera/doctor/finding.hpp>

namespace tessera::doctor {

/// Findings of all ranks as one list, worst first, on every rank: those that say the same are one,
/// led by the hosts that say so when not all do.
Findings merged(comm::Communicator const& comm, Findings const& own,
                std::vector<std::string> const& hosts);
Findings merged(std::vector<Findings> const& by_rank, std::vector<std::string> const& hosts);

}  // namespace tessera::doctor
