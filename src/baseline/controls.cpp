#include <functional>
#include <unordered_map>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/random.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/baseline/look_up.hpp>
#include <tessera/baseline/nearest.hpp>

namespace tessera::baseline {

namespace {

using KeyOf = std::function<std::string(Example const&)>;

std::string no_key(Example const& /*item*/) {
    return {};
}

std::string port_key(Example const& item) {
    return fmt::format("{} {}", packet::name(item.protocol), item.responder.port);
}

std::string server_key(Example const& item) {
    return packet::to_text(item.responder.address);
}

Predictions empty_predictions(Examples const& test) {
    Predictions predictions;
    predictions.classes = test.classes;
    predictions.captures = test.captures;
    return predictions;
}

Predictions look_up(Examples const& train, Examples const& test, KeyOf const& key_of) {
    LookUp table(train.classes.size());
    for (auto const& item : train.items) table.add(key_of(item), item.label);
    auto predictions = empty_predictions(test);
    for (auto const& item : test.items) {
        predictions.add(item.capture, item.flow, item.label, table.shares(key_of(item)));
    }
    return predictions;
}

/// At most `references` training flows, drawn without replacement.
NearestNeighbours neighbours_of(Examples const& train, ControlConfig const& config) {
    NearestNeighbours model(train.classes.size(), train.packets,
                            static_cast<std::size_t>(config.neighbours));
    base::KeyedPermutation const order(train.items.size(), config.seed, 0);
    auto const kept = std::min(train.items.size(), static_cast<std::size_t>(config.references));
    for (std::size_t i = 0; i < kept; ++i) {
        auto const item = static_cast<std::size_t>(order(i));
        model.add(train.sizes_of(item), train.items[item].label);
    }
    return model;
}

Predictions nearest(Examples const& train, Examples const& test, ControlConfig const& config) {
    auto const model = neighbours_of(train, config);
    auto predictions = empty_predictions(test);
    for (std::size_t i = 0; i < test.items.size(); ++i) {
        auto const& item = test.items[i];
        predictions.add(item.capture, item.flow, item.label, model.shares(test.sizes_of(i)));
    }
    return predictions;
}

}  // namespace

void describe(base::OptionTable& options, ControlConfig& config) {
    options.section("baseline")
        .add("neighbours", config.neighbours, "neighbours that k-NN asks")
        .add("packets", config.packets, "first packets of a flow whose sizes k-NN compares")
        .add("references", config.references, "most training flows that k-NN keeps")
        .add("seed", config.seed, "draws the training flows that k-NN keeps");
}

std::vector<Control> run_controls(Examples const& train, Examples const& test,
                                  ControlConfig const& config) {
    base::validate(!train.items.empty(), base::ExitCode::bad_input,
                   "the train fold has no labelled flow, so no control can be fitted; look at "
                   "`tessera inspect` for the class histogram and the split");
    return {{"majority", "majority class", look_up(train, test, no_key)},
            {"port_lookup", "port look-up", look_up(train, test, port_key)},
            {"server_lookup", "server look-up", look_up(train, test, server_key)},
            {"knn_sizes", "k-NN on packet sizes", nearest(train, test, config)}};
}

Predictions for_items(Predictions const& flows, Predictions const& items) {
    std::unordered_map<std::uint64_t, std::size_t> row_of;
    for (std::size_t i = 0; i < flows.size(); ++i) row_of.emplace(flows.flow[i], i);
    Predictions result;
    result.classes = items.classes;
    result.captures = items.captures;
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto const at = row_of.find(items.flow[i]);
        base::validate(at != row_of.end(), base::ExitCode::failed,
                       "flow {} was graded by the model but not by a control: a fault of the "
                       "program",
                       items.flow[i]);
        result.add(items.capture[i], items.flow[i], items.labels[i], flows.row(at->second));
    }
    return result;
}

}  // namespace tessera::baseline
