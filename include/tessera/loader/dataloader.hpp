#pragma once

#include <cstdint>
#include <vector>

#include <tessera/comm/communicator.hpp>
#include <tessera/loader/prefetcher.hpp>

namespace tessera::loader {

struct DataloaderConfig {
    std::int64_t micro_batch_size = 32;  ///< sequences of a micro-batch
    std::int64_t micro_batches = 1;      ///< of a step, over all ranks: the global batch
    std::int64_t prefetch = 4;           ///< micro-batches made ahead
};

/// Hands each rank its micro-batches of one step after the other. Micro-batch m of step s holds the
/// samples from (s * micro_batches + m) * micro_batch_size on, whatever the number of ranks; ranks
/// take contiguous shares of the m. Made ahead on a thread of its own. The source outlives it.
template <class Source>
class Dataloader {
  public:
    using Batch = typename Source::Batch;

    Dataloader(Source const& source, comm::Communicator const& comm, DataloaderConfig config,
               std::uint64_t first_step)
        : Dataloader(source, comm::shard(static_cast<std::size_t>(config.micro_batches), comm),
                     config, first_step) {}

    /// `share`: which of a step's micro-batches to hand out.
    Dataloader(Source const& source, comm::Slice share, DataloaderConfig config,
               std::uint64_t first_step)
        : share_(share),
          prefetcher_(static_cast<std::size_t>(config.prefetch),
                      [&source, share, config, first_step](std::uint64_t number) {
                          auto const step = first_step + number / share.size();
                          auto const micro_batch = share.begin + number % share.size();
                          auto const batches = static_cast<std::uint64_t>(config.micro_batches);
                          auto const size = static_cast<std::uint64_t>(config.micro_batch_size);
                          return source.batch((step * batches + micro_batch) * size,
                                              config.micro_batch_size);
                      }) {}

    /// This rank's micro-batches of the next step, in order; none where there are more ranks than
    /// micro-batches. Rethrows what the source threw.
    std::vector<Batch> next() {
        std::vector<Batch> batches;
        for (std::size_t i = 0; i < share_.size(); ++i) batches.push_back(prefetcher_.next());
        return batches;
    }

    /// Time `next` has waited for the source so far.
    double stall_seconds() const { return prefetcher_.waited_seconds(); }

  private:
    comm::Slice share_;
    Prefetcher<Batch> prefetcher_;
};

}  // namespace tessera::loader
