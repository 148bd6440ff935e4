#include "flow/examples.hpp"

#include <array>

namespace cordyna::flow {
namespace {

constexpr ExampleFile kSales{"sales.csv", "id,county,price\n1,story,100\n2,polk,250\n3,story,90\n"};

constexpr std::array kSalesOnly{kSales};
constexpr std::array kCounties{
    kSales, ExampleFile{"counties.csv", "county,state\nstory,Iowa\npolk,Iowa\n"}};
constexpr std::array kPrices{ExampleFile{"prices.yaml", R"yaml(id: prices
inputs: [{id: county}]
tasks: [{id: count, type: shell, script: 'echo "n=3" >> "$DYNA_OUTPUTS"'}]
outputs: {count: "{{ outputs.count.n }} in {{ inputs.county }}"}
)yaml"},
                             ExampleFile{"cordyna.yaml", ""}};
constexpr std::array kTold{ExampleFile{"cordyna.yaml", ""}, ExampleFile{"teams.yaml", R"yaml(teams:
  data: {channels: [chat]}
channels:
  chat: {type: slack, url: http://localhost:9/hook}
)yaml"}};
constexpr std::array kFigures{ExampleFile{"figures.py", R"(def mean(values: list[float]):
    return {"mean": sum(values) / len(values)}


def scale(value: float, by: int = 1) -> float:
    return value * by
)"}};
constexpr std::array kPlaces{ExampleFile{"cordyna.yaml", R"yaml(places:
  here: {type: local, cpu: 4, memory: 8GB}
  night: {type: local, slots: 1, cost: 2.5, labels: {disk: large}}
)yaml"}};

constexpr std::array kPools{ExampleFile{"cordyna.yaml", R"yaml(pools:
  warehouse: {slots: 2, rate: {count: 100, per: 1m}, description: What the warehouse bears.}
retention:
  runs: {age: 90d, count: 10000}
  logs: {age: 30d}
)yaml"}};
constexpr std::array kDefaults{ExampleFile{"cordyna.yaml", ""},
                               ExampleFile{"defaults.yaml", R"yaml(owner: data-team
env: {WHO: all}
retry: {attempts: 2}
namespaces:
  acme.demo: {env: {WHO: demo}}
)yaml"}};

constexpr std::array kExamples{Example{"flow", "completed", R"yaml(id: greet
namespace: acme.demo
description: Says hello to everybody it is given.
owner: demo-team
labels: {layer: demo}
vars: {greeting: hello}
env: {LANG: C}
timeout: 1h
tasks:
  - id: hello
    type: shell
    script: |
      echo "{{ vars.greeting }} from $LANG"
      echo "said={{ vars.greeting }}" >> "$DYNA_OUTPUTS"
errors:
  - {id: tell, type: log, message: "{{ error.task }}: {{ error.description }}"}
finally:
  - {id: done, type: log, message: "run {{ run.number }} is over"}
outputs: {said: "{{ outputs.hello.said }}"}
concurrency: {limit: 2, when_full: queue}
)yaml"},
                               Example{"inputs", "completed", R"yaml(id: order
inputs:
  - {id: county, type: select, values: [story, polk], default: story}
  - {id: day, type: date, default: "{{ run.date }}"}
  - {id: top, type: int, default: 10, min: 1, max: 100}
  - {id: code, type: string, default: AB-1, match: "[A-Z]{2}-[0-9]+"}
  - {id: names, type: array, default: [ann, bob]}
tasks:
  - id: show
    type: log
    message: "{{ inputs.top }} of {{ inputs.county }} for {{ inputs.names | join(' and ') }}"
)yaml"},
                               Example{"triggers", "completed", R"yaml(id: nightly
inputs: [{id: county, default: story}]
tasks: [{id: work, type: log, message: "{{ inputs.county }} until {{ run.interval.end }}"}]
triggers:
  - id: at_two
    type: schedule
    cron: "0 2 * * *"
    timezone: America/Chicago
    catch_up: all
    window: 7d
    inputs: {county: polk}
)yaml"},
                               Example{"webhook", "completed", R"yaml(id: on_order
inputs:
  - {id: order, type: json, default: {}}
  - {id: kind, default: none}
tasks: [{id: work, type: log, message: "{{ inputs.kind }}: {{ inputs.order | json }}"}]
triggers:
  - id: shop
    type: webhook
    signing_secret: SHOP_KEY
    wait: 10s
    inputs:
      order: "{{ event.data.order }}"
      kind: "{{ event.headers['x-kind'] }}"
)yaml"},
                               Example{"postgres", "completed", R"yaml(id: on_row
inputs:
  - {id: order, type: json, default: {}}
  - {id: what, default: none}
tasks: [{id: work, type: log, message: "{{ inputs.what }}: {{ inputs.order | json }}"}]
triggers:
  - id: rows
    type: postgres
    connection: {type: postgres, host: db.example.org, database: shop, user: app, password: {secret: SHOP_DB}}
    tables: [sales.orders]
    operations: [create, update]
    rows: whole
    inputs:
      order: "{{ event.data.row }}"
      what: "{{ event.operation }} of {{ event.id }}"
)yaml"},
                               Example{"kafka", "completed", R"yaml(id: on_record
inputs:
  - {id: order, type: json, default: {}}
  - {id: place, default: none}
tasks: [{id: work, type: log, message: "{{ inputs.place }}: {{ inputs.order | json }}"}]
triggers:
  - id: records
    type: kafka
    connection: {type: kafka, brokers: [kafka.example.org:9092], tls: true, user: app, password: {secret: SHOP_KAFKA}}
    topics: [orders]
    start: latest
    inputs:
      order: "{{ event.data.value }}"
      place: "{{ event.data.partition }}/{{ event.data.offset }}"
)yaml"},
                               Example{"file", "completed", R"yaml(id: on_file
inputs:
  - {id: file, default: none}
  - {id: rows, type: int, default: 0}
tasks: [{id: work, type: log, message: "{{ inputs.file }}: {{ inputs.rows }} bytes"}]
triggers:
  - id: files
    type: file
    folder: inbox
    files: "*.csv"
    settle: 5s
    archive: inbox/done
    inputs:
      file: "{{ event.location }}"
      rows: "{{ event.data.size }}"
)yaml"},
                               Example{"poll", "completed", R"yaml(id: on_order
inputs:
  - {id: order, type: json, default: {}}
  - {id: what, default: none}
tasks: [{id: work, type: log, message: "{{ inputs.what }}: {{ inputs.order | json }}"}]
triggers:
  - id: orders
    type: poll
    every: 30s
    url: https://api.example.org/v1/orders?limit=100
    auth: {token: {secret: SHOP_API}}
    items: data.orders
    key: id
    cursor: updated_at
    send: since
    inputs:
      order: "{{ event.data.item }}"
      what: "{{ event.id }} at {{ event.data.cursor }}"
  - id: rows
    type: poll
    connection: {type: postgres, host: db.example.org, database: shop, user: app, password: {secret: SHOP_DB}}
    query: SELECT id, total, paid_at FROM sales.invoices WHERE paid_at IS NOT NULL
    key: id
    cursor: paid_at
    inputs:
      order: "{{ event.data.row }}"
)yaml"},
                               Example{"redis", "completed", R"yaml(id: on_entry
inputs:
  - {id: order, type: json, default: {}}
  - {id: place, default: none}
tasks: [{id: work, type: log, message: "{{ inputs.place }}: {{ inputs.order | json }}"}]
triggers:
  - id: entries
    type: redis
    connection: {type: redis, host: redis.example.org, tls: true, user: app, password: {secret: SHOP_REDIS}}
    streams: [orders]
    start: latest
    inputs:
      order: "{{ event.data.fields }}"
      place: "{{ event.location }}/{{ event.id }}"
)yaml"},
                               Example{"flow_ends", "completed", R"yaml(id: report
inputs:
  - {id: rows, type: int, default: 0}
tasks: [{id: work, type: log, message: "{{ inputs.rows }} rows"}]
triggers:
  - id: loaded
    type: flow
    flows: [acme/orders, acme/prices]
    within: 6h
    inputs:
      rows: "{{ event.data.runs['acme/orders'].outputs.rows }}"
)yaml"},
                               Example{"tasks", "warning", R"yaml(id: care
tasks:
  - id: flaky
    type: shell
    script: "test {{ task.attempt }} -ge 2"
    retry: {attempts: 3, delay: 100ms, backoff: exponential, jitter: true, on: [error]}
    timeout: 1m
    priority: 10
    resources: {memory: 256MB}
  - {id: may_fail, type: shell, script: exit 3, allow_failure: true}
  - {id: only_big, type: log, message: big, run_if: "{{ run.number > 1000 }}"}
  - id: after
    type: log
    message: whatever they did
    needs: [flaky, may_fail, only_big]
    trigger_rule: all_done
)yaml"},
                               Example{"shell", "completed", R"yaml(id: count
inputs: [{id: word, default: "it's"}]
tasks:
  - id: letters
    type: shell
    script: |
      printf '%s' "{{ inputs.word }}" | wc -c > "$DYNA_ARTIFACTS/letters.txt"
      echo "letters=$(cat "$DYNA_ARTIFACTS/letters.txt")" >> "$DYNA_OUTPUTS"
    cache: {key: "{{ hash(inputs.word) }}", for: 1d}
  - {id: say, type: log, message: "{{ outputs.letters.letters }} letters"}
)yaml"},
                               Example{"python", "completed", R"yaml(id: mean
inputs: [{id: values, type: json, default: [3, 4, 8]}]
tasks:
  - {id: compute, type: python, function: "figures:mean"}
  - id: scale
    type: python
    function: figures:scale
    arguments: {value: "{{ outputs.compute.mean }}", by: 2}
  - id: note
    type: python
    needs: scale
    script: |
      from cordyna_task import inputs, outputs, set_output
      set_output("text", f"{len(inputs['values'])} values, {outputs['scale']['result']}")
  - {id: say, type: log, message: "{{ outputs.note.text }}"}
)yaml",
                                       kFigures},
                               Example{"log", "completed", R"yaml(id: say
tasks: [{id: hello, type: log, message: "it is {{ run.date }}", level: info}]
)yaml"},
                               Example{"fail", "error", R"yaml(id: stop
inputs: [{id: rows, type: int, default: 0}]
tasks:
  - {id: none, type: fail, message: there are no rows, run_if: "{{ inputs.rows == 0 }}"}
  - {id: never, type: log, message: not reached, needs: none}
)yaml"},
                               Example{"pause", "completed", R"yaml(id: rest
tasks:
  - {id: wait, type: pause, for: 200ms}
  - id: ask
    type: pause
    message: "Share {{ run.date }}?"
    inputs: [{id: share, type: bool, default: false}]
    timeout: 300ms
    on_timeout: continue
  - {id: say, type: log, message: "approved: {{ outputs.ask.approved }}"}
)yaml"},
                               Example{"switch", "completed", R"yaml(id: choose
inputs: [{id: county, default: polk}]
tasks:
  - id: how
    type: switch
    value: "{{ inputs.county }}"
    cases:
      story: [{id: copy, type: log, message: by hand}]
      polk: [{id: read, type: log, message: by machine}]
    default: [{id: none, type: fail, message: "no county {{ inputs.county }}"}]
  - {id: say, type: log, message: "it was {{ outputs.how.case }}"}
)yaml"},
                               Example{"foreach", "completed", R"yaml(id: each
tasks:
  - id: months
    type: foreach
    items: {from: 1, to: 3}
    parallel: 2
    tasks:
      - {id: load, type: shell, script: 'echo "rows={{ item * 10 }}" >> "$DYNA_OUTPUTS"'}
      - {id: say, type: log, message: "month {{ item }} of {{ loop.length }}: {{ outputs.load.rows }}"}
  - id: sum
    type: log
    message: "{{ outputs.months.results | map(attribute='load') | map(attribute='rows') | join('+') }}"
)yaml"},
                               Example{"container", "warning", R"yaml(id: report
tasks:
  - id: build
    type: container
    image: acme/report:2.1
    pull: never
    command: [make-report, --day, "{{ run.date }}"]
    network: none
    mounts: [{source: ., target: /flow}]
    env: {LANG: C}
    resources: {memory: 256MB, cpu: 1}
    allow_failure: true   # the image of this example is on no machine but acme's
)yaml"},
                               Example{"kubernetes", "warning", R"yaml(id: train
tasks:
  - id: fit
    type: kubernetes
    context: acme-production
    image: acme/train:7
    script: 'train --day "{{ run.date }}" && echo "model=7" > "$DYNA_OUTPUTS"'
    resources: {memory: 2GB, cpu: 2}
    requests: {memory: 512MB}
    node_selector: {disk: ssd}
    timeouts: {complete: 1h}
    ttl: 10m
    retry: {attempts: 2, delay: 1s}
    allow_failure: true   # nobody but acme may use its cluster
)yaml"},
                               Example{"http", "warning", R"yaml(id: tell
inputs: [{id: order, type: int, default: 17}]
tasks:
  - id: tell
    type: http
    url: http://localhost:9/orders/{{ inputs.order }}
    json: {order: "{{ inputs.order }}", day: "{{ run.date }}", by: "run {{ run.number }}"}
    headers: {X-Team: data}
    accept_status: [200-299, 409]
    transfer: {timeout: 30s, max_size: 10MB}
    retry: {attempts: 2, delay: 100ms}
    allow_failure: true   # nobody listens on this port
  - {id: say, type: log, message: "order {{ inputs.order }} was to be told", needs: [tell]}
)yaml"},
                               Example{"sql", "completed", R"yaml(id: stock
inputs: [{id: least, type: int, default: 10}]
tasks:
  - id: low
    type: sql
    connection: {type: sqlite, database: stock.db}
    sql: |
      create table if not exists stock (item text primary key, n integer);
      insert into stock values ('bolts', 4), ('nuts', 40) on conflict (item) do update set n = excluded.n;
      select item, n from stock where n < {{ inputs.least }} order by n;
  - {id: say, type: log, message: "{{ outputs.low.row_count }} to order: {{ outputs.low.rows | map(attribute='item') | join(', ') }}"}
)yaml"},
                               Example{"notify", "warning", R"yaml(id: told
owner: data
tasks:
  - {id: count, type: shell, script: 'echo "n=17" >> "$DYNA_OUTPUTS"'}
  - id: tell
    type: notify
    team: data
    subject: "{{ outputs.count.n }} orders today"
    message: |
      {{ outputs.count.n }} orders came in on {{ run.date }}.
      Most of them by noon.
    allow_failure: true   # nobody listens on this port
)yaml",
                                       kTold},
                               Example{"wait_for", "completed", R"yaml(id: ready
tasks:
  - {id: later, type: shell, script: sleep 0.3; touch there}
  - {id: file, type: wait_for, script: test -e there, interval: 100ms, timeout: 1m}
  - {id: day, type: wait_for, until: "{{ now >= '2026-01-01' }}"}
)yaml"},
                               Example{"flow task", "completed",
                                       R"yaml(id: report
tasks:
  - {id: prices, type: flow, flow: prices, inputs: {county: polk}}
  - {id: say, type: log, message: "{{ outputs.prices.count }} from run {{ outputs.prices.run.number }}"}
  - {id: also, type: log, message: they are fresh, needs: [say, {flow: prices, within: 1h}]}
)yaml",
                                       kPrices},
                               Example{"load", "completed",
                                       R"yaml(id: sales
tasks:
  - id: sales
    type: load
    from: sales.csv
    contract:
      columns: {id: int64, county: {type: string, in: [story, polk]}, price: {type: double, range: [0, 1000]}}
      unique: [id]
      rows: {min: 1}
      drift: {new: warn}
    rejects: {max_percent: 1}
)yaml",
                                       kSalesOnly},
                               Example{"check", "completed",
                                       R"yaml(id: checked
tasks:
  - {id: sales, type: load, from: sales.csv}
  - id: ok
    type: check
    of: sales
    rules:
      - {name: priced, sql: price > 0, severity: fail}
      - {name: cheap, sql: price < 200, severity: quarantine}
)yaml",
                                       kSalesOnly},
                               Example{"standardize", "completed",
                                       R"yaml(id: clean
tasks:
  - {id: sales, type: load, from: sales.csv}
  - id: clean
    type: standardize
    of: sales
    set: {county: upper(county)}
    rename: {price: price_usd}
    dedupe: exact
)yaml",
                                       kSalesOnly},
                               Example{"secure", "completed",
                                       R"yaml(id: harmless
tasks:
  - id: sales
    type: load
    from: sales.csv
    contract: {columns: {id: {type: int64, pii: true}, county: string, price: double}}
  - {id: safe, type: secure, of: sales, columns: {id: drop, price: {round: 10}}}
  - {id: share, type: share, of: safe, to: safe.csv, guard: off}
)yaml",
                                       kSalesOnly},
                               Example{"merge", "completed",
                                       R"yaml(id: both
tasks:
  - {id: sales, type: load, from: sales.csv}
  - {id: counties, type: load, from: counties.csv}
  - {id: merged, type: merge, of: [sales, counties], on: county, how: left, expect: many_to_one}
)yaml",
                                       kCounties},
                               Example{"transform", "completed",
                                       R"yaml(id: totals
tasks:
  - {id: sales, type: load, from: sales.csv}
  - {id: totals, type: transform, sql: "select county, sum(price) as total from sales group by county"}
)yaml",
                                       kSalesOnly},
                               Example{"guard", "completed",
                                       R"yaml(id: guarded
tasks:
  - {id: sales, type: load, from: sales.csv}
  - id: usual
    type: guard
    of: sales
    series: demo.sales
    watch: {rows: {drop: 20, min: 1}, sum(price): {drop: 50}}
    on_trip: hold
)yaml",
                                       kSalesOnly},
                               Example{"share", "completed",
                                       R"yaml(id: shared
tasks:
  - {id: sales, type: load, from: sales.csv}
  - {id: share, type: share, of: sales, to: [sales.parquet, sales.json], guard: warn}
)yaml",
                                       kSalesOnly},
                               Example{"project", "completed",
                                       R"yaml(id: pooled
tasks: [{id: read, type: shell, script: echo reads the warehouse, pool: warehouse}]
)yaml",
                                       kPools},
                               Example{"places", "completed",
                                       R"yaml(id: placed
tasks:
  - {id: small, type: shell, script: echo at the cheapest, resources: {cpu: 0.5, memory: 256MB}}
  - {id: large, type: shell, script: echo where the disk is large, place: {labels: {disk: large}}}
)yaml",
                                       kPlaces},
                               Example{"defaults", "completed",
                                       R"yaml(id: quick
namespace: acme.demo
tasks: [{id: hello, type: shell, script: 'echo "hello $WHO"'}]
)yaml",
                                       kDefaults}};

}  // namespace

std::span<const Example> examples() {
  return kExamples;
}

}  // namespace cordyna::flow
