#include <algorithm>
#include <functional>
#include <unordered_map>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/random.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/baseline/logistic.hpp>
#include <tessera/baseline/look_up.hpp>
#include <tessera/baseline/nearest.hpp>
#include <tessera/baseline/trees.hpp>

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
std::vector<std::size_t> drawn(Examples const& train, ControlConfig const& config) {
    base::KeyedPermutation const order(train.items.size(), config.seed, 0);
    auto const kept = std::min(train.items.size(), static_cast<std::size_t>(config.references));
    std::vector<std::size_t> items;
    for (std::size_t i = 0; i < kept; ++i) items.push_back(static_cast<std::size_t>(order(i)));
    return items;
}

NearestNeighbours neighbours_of(Examples const& train, ControlConfig const& config) {
    NearestNeighbours model(train.classes.size(), train.packets,
                            static_cast<std::size_t>(config.neighbours));
    for (auto const item : drawn(train, config)) {
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

Predictions predictions_of(Examples const& test, Matrix const& shares) {
    auto predictions = empty_predictions(test);
    for (std::size_t i = 0; i < test.items.size(); ++i) {
        auto const& item = test.items[i];
        predictions.add(item.capture, item.flow, item.label, shares.row(i));
    }
    return predictions;
}

/// The controls that learn from flow features, on one draw of training flows.
class FeatureControls {
  public:
    FeatureControls(Examples const& train, Examples const& test, ControlConfig const& config)
        : test_(test), config_(config), classes_(train.classes.size()), plain_(train.plain) {
        features_.width = train.features.width;
        for (auto const item : drawn(train, config)) {
            features_.add(train.features.row(item));
            labels_.push_back(train.items[item].label);
        }
    }

    Control logistic() const {
        auto const rows = log_scaled(features_.first(plain_));
        auto const asked = log_scaled(test_.features.first(plain_));
        return {"logistic_regression", "logistic regression",
                predictions_of(test_, logistic_probabilities({rows, labels_, classes_}, asked))};
    }

    /// Without addresses and ports, and with them.
    std::vector<Control> trees(Ensemble ensemble, std::string const& name,
                               std::string const& title) const {
        return {{name, title, grown(ensemble, plain_, labels_)},
                {name + "_addresses", title + " + addresses",
                 grown(ensemble, features_.width, labels_)}};
    }

    /// The same learner on labels that say nothing: what is left is chance, or a leak.
    Control shuffled() const {
        base::KeyedPermutation const order(labels_.size(), config_.seed, 1);
        auto labels = labels_;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            labels[i] = labels_[static_cast<std::size_t>(order(i))];
        }
        if (has_trees()) {
            return {"shuffled_labels", "boosted, shuffled labels",
                    grown(Ensemble::boosted, plain_, labels)};
        }
        auto const rows = log_scaled(features_.first(plain_));
        auto const asked = log_scaled(test_.features.first(plain_));
        return {"shuffled_labels", "logistic, shuffled labels",
                predictions_of(test_, logistic_probabilities({rows, labels, classes_}, asked))};
    }

  private:
    Predictions grown(Ensemble ensemble, std::size_t columns,
                      std::vector<std::int32_t> const& labels) const {
        auto const rows = features_.first(columns);
        return predictions_of(
            test_, tree_probabilities({rows, labels, classes_}, test_.features.first(columns),
                                      {ensemble, config_.trees, config_.seed}));
    }

    Examples const& test_;
    ControlConfig const& config_;
    std::size_t classes_;
    std::size_t plain_;
    Matrix features_;                   // [n, width]
    std::vector<std::int32_t> labels_;  // [n]
};

void add_learned(std::vector<Control>& controls, FeatureControls const& learned) {
    controls.push_back(learned.logistic());
    auto const add = [&](std::vector<Control> more) {
        std::move(more.begin(), more.end(), std::back_inserter(controls));
    };
    if (has_trees()) {
        add(learned.trees(Ensemble::forest, "random_forest", "random forest"));
        add(learned.trees(Ensemble::boosted, "boosted_trees", "boosted trees"));
    }
    controls.push_back(learned.shuffled());
}

}  // namespace

void describe(base::OptionTable& options, ControlConfig& config) {
    options.section("baseline")
        .add("neighbours", config.neighbours, "neighbours that k-NN asks")
        .add("packets", config.packets, "first packets of a flow that controls look at one by one")
        .add("references", config.references, "most training flows that controls learn from")
        .add("trees", config.trees, "trees a class of forest and boosting")
        .add("controls", config.controls, "which controls are run; look-ups: those and k-NN",
             {"all", "look-ups"})
        .add("seed", config.seed, "draws the training flows, grows the trees");
}

std::vector<Control> run_controls(Examples const& train, Examples const& test,
                                  ControlConfig const& config) {
    base::validate(
        config.neighbours > 0 && config.packets > 0 && config.references > 0 && config.trees > 0,
        base::ExitCode::usage,
        "baseline.neighbours, packets, references and trees must be positive");
    base::validate(!train.items.empty(), base::ExitCode::bad_input,
                   "the train fold has no labelled flow, so no control can be fitted; look at "
                   "`tessera inspect` for the class histogram and the split");
    std::vector<Control> controls{
        {"majority", "majority class", look_up(train, test, no_key)},
        {"port_lookup", "port look-up", look_up(train, test, port_key)},
        {"server_lookup", "server look-up", look_up(train, test, server_key)},
        {"knn_sizes", "k-NN on packet sizes", nearest(train, test, config)}};
    if (config.controls == "all" && train.plain > 0) add_learned(controls, {train, test, config});
    return controls;
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
