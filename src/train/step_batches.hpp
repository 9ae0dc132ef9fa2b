#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <tessera/comm/activity.hpp>
#include <tessera/comm/communicator.hpp>
#include <tessera/loader/dataloader.hpp>
#include <tessera/train/loop_config.hpp>

namespace tessera::train {

/// This rank's micro-batches of any step. Steps that follow each other are made ahead; another step
/// (a run that goes on) begins anew there. The source outlives the result.
template <class Source>
std::function<std::vector<typename Source::Batch>(std::int64_t)> step_batches(
    Source const& source, comm::Communicator const& comm, LoopConfig const& config) {
    struct Feed {
        std::unique_ptr<loader::Dataloader<Source>> loader;
        std::int64_t next = -1;
    };
    loader::DataloaderConfig const sizes{.micro_batch_size = config.micro_batch_size,
                                         .micro_batches = config.micro_batches()};
    return [&source, comm, sizes, feed = std::make_shared<Feed>()](std::int64_t step) {
        if (step != feed->next) {
            feed->loader = std::make_unique<loader::Dataloader<Source>>(
                source, comm, sizes, static_cast<std::uint64_t>(step));
        }
        feed->next = step + 1;
        return feed->loader->next();
    };
}

/// Hands this rank's share of the first `config.eval_iters` global batches of a plain order (0:
/// all) to whoever asks, micro-batch by micro-batch, until `use` says false. The source outlives
/// the result; null: nothing.
template <class Source>
auto held_out_batches(Source const* source, comm::Communicator const& comm,
                      LoopConfig const& config) {
    using Batch = typename Source::Batch;
    return [source, comm, config](std::function<bool(Batch const&)> const& use) {
        if (source == nullptr) return;
        auto const asked = static_cast<std::uint64_t>(config.eval_iters * config.global_batch_size);
        auto const samples = asked > 0 ? std::min(asked, source->samples()) : source->samples();
        auto const size = static_cast<std::uint64_t>(config.micro_batch_size);
        auto const share = comm::shard((samples + size - 1) / size, comm);
        for (auto i = share.begin; i < share.end; ++i) {
            auto const count = std::min(size, samples - i * size);
            comm::tick(comm, comm::Activity::Pace::disk);  // the store is mapped
            auto const batch = source->batch(i * size, static_cast<std::int64_t>(count));
            comm::tick(comm, comm::Activity::Pace::busy);
            if (!use(batch)) return;
        }
    };
}

}  // namespace tessera::train
