#include <algorithm>
#include <limits>
#include <utility>

#include <tessera/base/error.hpp>
#include <tessera/base/random.hpp>
#include <tessera/loader/classifier_source.hpp>
#include <tessera/loader/flow_input.hpp>

namespace tessera::loader {

ClassifierSource::ClassifierSource(dataset::Store const& store,
                                   std::vector<std::uint64_t> const& flows, std::size_t label_set,
                                   batch::ClassifierDataConfig const& config, std::uint64_t seed,
                                   Order order, std::function<bool(std::uint64_t)> packets)
    : store_(store), config_(config), seed_(seed), order_(order), packets_in_(std::move(packets)) {
    check(config);
    base::validate(!packets_in_ || config.level == "packet", base::ExitCode::usage,
                   "a leaky-legacy split draws packets: it needs data.level = packet");
    for (auto const flow : flows) {
        auto const label = store.label(flow, label_set);
        if (label == dataset::no_label) {
            ++unlabelled_;
        } else {
            add_flow(flow, label);
        }
    }
    base::validate(!units_.empty(), base::ExitCode::bad_input,
                   "none of {} flows has both a label and tokens ({} have no label): check the "
                   "label rules and the split",
                   flows.size(), unlabelled_);
}

void ClassifierSource::add_flow(std::uint64_t flow, std::int32_t label) {
    auto const view = store_.flow(flow);
    auto const packet_level = config_.level == "packet";
    if (!packet_level) {
        if (view.tokens.empty()) return;
        auto const packets =
            std::min(view.packets, static_cast<std::uint64_t>(packets_read(config_)));
        units_.push_back({flow, view.first_packet, packets, label});
        return;
    }
    auto const packets =
        std::min(view.packets, static_cast<std::uint64_t>(config_.packets_per_flow));
    for (std::uint64_t i = 0; i < packets; ++i) {
        if (packets_in_ && !packets_in_(view.first_packet + i)) continue;
        if (store_.packet(view.first_packet + i).tokens.empty()) continue;
        units_.push_back({flow, view.first_packet + i, 1, label});
    }
}

void ClassifierSource::shuffle_labels() {
    std::vector<std::int32_t> labels;  // one a flow: units of a flow stand together
    auto const begins_flow = [&](std::size_t i) {
        return i == 0 || units_[i].flow != units_[i - 1].flow;
    };
    for (std::size_t i = 0; i < units_.size(); ++i) {
        if (begins_flow(i)) labels.push_back(units_[i].label);
    }
    constexpr std::uint32_t apart_from_epochs = std::numeric_limits<std::uint32_t>::max();
    base::KeyedPermutation const order(labels.size(), seed_, apart_from_epochs);
    std::uint64_t flow = 0;
    for (std::size_t i = 0; i < units_.size(); ++i) {
        flow += i > 0 && begins_flow(i) ? 1U : 0U;
        units_[i].label = labels[static_cast<std::size_t>(order(flow))];
    }
}

batch::ClassifierSample ClassifierSource::sample_at(std::uint64_t position) const {
    auto const place = place_at(position, samples(), seed_, order_);
    auto const& unit = units_[place.sample];
    auto const packets = sample_packets(store_, unit.first_packet, unit.packets);
    auto sample = batch::make_classifier_sample(packets, config_);
    sample.label = unit.label;
    sample.key = position;
    sample.sample = place.sample;
    return sample;
}

batch::ClassifierBatch ClassifierSource::batch(std::uint64_t first, std::int64_t count) const {
    std::vector<batch::ClassifierSample> samples;
    for (std::int64_t i = 0; i < count; ++i) {
        samples.push_back(sample_at(first + static_cast<std::uint64_t>(i)));
    }
    return batch::collate(samples, config_);
}

}  // namespace tessera::loader
