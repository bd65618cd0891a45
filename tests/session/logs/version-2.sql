pragma application_id = 1095650;
pragma user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE "alpha" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "bid" INTEGER,
   "ask" INTEGER,
   "bid_qty" INTEGER,
   "ask_qty" INTEGER,
   "skew_inverted" REAL,
   "hazard_inverted" REAL,
   "skew_traditional" REAL,
   "hazard_traditional" REAL,
   "norm" REAL,
   "fair_px" REAL,
   "width_ticks" REAL,
   "inventory" INTEGER,
   "pnl_e8" INTEGER,
   "volume" INTEGER,
   "impact_sell" INTEGER,
   "impact_buy" INTEGER,
   "fsi_sell" REAL,
   "fsi_buy" REAL,
   "ldr_bid" REAL,
   "ldr_ask" REAL,
   "pi" REAL,
   "rv" REAL,
   "sigma" REAL,
   "z_fsi_sell" REAL,
   "z_fsi_buy" REAL,
   "z_ldr_bid" REAL,
   "z_ldr_ask" REAL,
   "z_pi" REAL,
   "lpi_sell" REAL,
   "lpi_buy" REAL,
   "oi" INTEGER,
   "oi_age_us" INTEGER,
   "oi_flush" REAL,
   "z_oi" REAL,
   "state_sell" INTEGER,
   "state_buy" INTEGER,
   "source" INTEGER,
   "legs_sell" INTEGER,
   "legs_sell_known" INTEGER,
   "legs_buy" INTEGER,
   "legs_buy_known" INTEGER,
   "exhaustion_sell" INTEGER,
   "exhaustion_sell_known" INTEGER,
   "exhaustion_buy" INTEGER,
   "exhaustion_buy_known" INTEGER
);
INSERT INTO "alpha" VALUES(1,1000,1700000000000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1013,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,0,0,0,0,0,0);
INSERT INTO "alpha" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,0.5,0.5,0.5,0.5,0.5,0.5,0.5,2013,2014,2015,2016,2017,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,2032,2033,0.5,NULL,0,0,0,0,0,0,0,0,0,0,0);
CREATE TABLE "alpha_source_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "alpha_source_names" VALUES(0,'none');
INSERT INTO "alpha_source_names" VALUES(1,'liquidations');
INSERT INTO "alpha_source_names" VALUES(2,'open_interest');
INSERT INTO "alpha_source_names" VALUES(3,'flow');
CREATE TABLE "alpha_state_buy_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "alpha_state_buy_names" VALUES(0,'unknown');
INSERT INTO "alpha_state_buy_names" VALUES(1,'informed');
INSERT INTO "alpha_state_buy_names" VALUES(2,'forced');
CREATE TABLE "alpha_state_sell_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "alpha_state_sell_names" VALUES(0,'unknown');
INSERT INTO "alpha_state_sell_names" VALUES(1,'informed');
INSERT INTO "alpha_state_sell_names" VALUES(2,'forced');
CREATE TABLE "fills" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "exch_ts" INTEGER,
   "seq" INTEGER,
   "order_id" INTEGER,
   "px" INTEGER,
   "qty" INTEGER,
   "print_px" INTEGER,
   "print_qty" INTEGER,
   "mid2" INTEGER,
   "fee_e8" INTEGER,
   "slip2" INTEGER,
   "inventory" INTEGER,
   "ahead" REAL,
   "hazard" REAL,
   "side" INTEGER,
   "rule" INTEGER,
   "strategy" INTEGER,
   "state_sell" INTEGER,
   "state_buy" INTEGER
);
INSERT INTO "fills" VALUES(1,1000,1700000000000000,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1012,NULL,NULL,1,0,0,0,0);
INSERT INTO "fills" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,2006,2007,2008,2009,2010,2011,2012,0.5,0.5,-1,0,0,0,0);
CREATE TABLE "fills_rule_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "fills_rule_names" VALUES(0,'through');
INSERT INTO "fills_rule_names" VALUES(1,'queue');
INSERT INTO "fills_rule_names" VALUES(2,'touch');
INSERT INTO "fills_rule_names" VALUES(3,'taker');
CREATE TABLE "fills_state_buy_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "fills_state_buy_names" VALUES(0,'unknown');
INSERT INTO "fills_state_buy_names" VALUES(1,'informed');
INSERT INTO "fills_state_buy_names" VALUES(2,'forced');
CREATE TABLE "fills_state_sell_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "fills_state_sell_names" VALUES(0,'unknown');
INSERT INTO "fills_state_sell_names" VALUES(1,'informed');
INSERT INTO "fills_state_sell_names" VALUES(2,'forced');
CREATE TABLE "fills_strategy_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "fills_strategy_names" VALUES(0,'maker');
INSERT INTO "fills_strategy_names" VALUES(1,'fade');
INSERT INTO "fills_strategy_names" VALUES(2,'own');
CREATE TABLE "labels" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "exch_ts" INTEGER,
   "seq" INTEGER,
   "px" INTEGER,
   "qty" INTEGER,
   "book_age_us" INTEGER,
   "feature_v_rel" REAL,
   "feature_depth_consumed" REAL,
   "feature_depth_resting" REAL,
   "feature_spread_ticks" REAL,
   "feature_t_m_us" REAL,
   "feature_t_age_us" REAL,
   "z_v_rel" REAL,
   "z_depth_consumed" REAL,
   "z_depth_resting" REAL,
   "z_spread_ticks" REAL,
   "z_t_m_us" REAL,
   "z_t_age_us" REAL,
   "side" INTEGER,
   "label" INTEGER,
   "why" INTEGER
);
INSERT INTO "labels" VALUES(1,1000,1700000000000000,1002,1003,1004,1005,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0);
INSERT INTO "labels" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,2006,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,0.5,-1,0,0);
CREATE TABLE "labels_label_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "labels_label_names" VALUES(0,'passive');
INSERT INTO "labels_label_names" VALUES(1,'opportunistic');
INSERT INTO "labels_label_names" VALUES(2,'directional');
INSERT INTO "labels_label_names" VALUES(3,'unassigned');
INSERT INTO "labels_label_names" VALUES(4,'unclassified');
CREATE TABLE "labels_why_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "labels_why_names" VALUES(0,'none');
INSERT INTO "labels_why_names" VALUES(1,'no_model');
INSERT INTO "labels_why_names" VALUES(2,'no_book');
INSERT INTO "labels_why_names" VALUES(3,'no_clock');
INSERT INTO "labels_why_names" VALUES(4,'warm_up');
INSERT INTO "labels_why_names" VALUES(5,'flat');
CREATE TABLE "markouts" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "ref2" INTEGER,
   "qty" INTEGER,
   "order_id" INTEGER,
   "mid2_500ms" INTEGER,
   "mid2_1000ms" INTEGER,
   "mid2_2000ms" INTEGER,
   "mid2_5000ms" INTEGER,
   "mid2_30000ms" INTEGER,
   "mid2_120000ms" INTEGER,
   "side" INTEGER,
   "what" INTEGER,
   "strategy" INTEGER,
   "label" INTEGER
);
INSERT INTO "markouts" VALUES(1,1000,1700000000000000,1002,1003,1004,NULL,NULL,NULL,NULL,NULL,NULL,1,0,0,0);
INSERT INTO "markouts" VALUES(1,2000,1700000000250000,2002,2003,2004,0,0,0,0,0,0,-1,0,0,0);
CREATE TABLE "markouts_strategy_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "markouts_strategy_names" VALUES(0,'maker');
INSERT INTO "markouts_strategy_names" VALUES(1,'fade');
INSERT INTO "markouts_strategy_names" VALUES(2,'own');
CREATE TABLE "markouts_what_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "markouts_what_names" VALUES(0,'label');
INSERT INTO "markouts_what_names" VALUES(1,'trigger');
INSERT INTO "markouts_what_names" VALUES(2,'fill');
CREATE TABLE "quotes" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "order_id" INTEGER,
   "px" INTEGER,
   "qty" INTEGER,
   "live_from" INTEGER,
   "live_to" INTEGER,
   "side" INTEGER,
   "act" INTEGER,
   "why" INTEGER,
   "strategy" INTEGER,
   "level" INTEGER
);
INSERT INTO "quotes" VALUES(1,1000,1700000000000000,1002,1003,1004,1005,1006,1,0,0,0,0);
INSERT INTO "quotes" VALUES(1,2000,1700000000250000,2002,2003,2004,2005,2006,-1,0,0,0,0);
CREATE TABLE "quotes_act_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "quotes_act_names" VALUES(1,'place');
INSERT INTO "quotes_act_names" VALUES(2,'cancel');
INSERT INTO "quotes_act_names" VALUES(3,'reject');
INSERT INTO "quotes_act_names" VALUES(4,'done');
CREATE TABLE "quotes_strategy_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "quotes_strategy_names" VALUES(0,'maker');
INSERT INTO "quotes_strategy_names" VALUES(1,'fade');
INSERT INTO "quotes_strategy_names" VALUES(2,'own');
CREATE TABLE "quotes_why_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "quotes_why_names" VALUES(0,'price');
INSERT INTO "quotes_why_names" VALUES(1,'gap');
INSERT INTO "quotes_why_names" VALUES(2,'disarm');
INSERT INTO "quotes_why_names" VALUES(3,'inventory');
INSERT INTO "quotes_why_names" VALUES(4,'cross');
INSERT INTO "quotes_why_names" VALUES(5,'fill');
INSERT INTO "quotes_why_names" VALUES(6,'skew');
INSERT INTO "quotes_why_names" VALUES(7,'entry');
INSERT INTO "quotes_why_names" VALUES(8,'toxic');
INSERT INTO "quotes_why_names" VALUES(9,'spread');
INSERT INTO "quotes_why_names" VALUES(10,'stale');
INSERT INTO "quotes_why_names" VALUES(11,'stop');
INSERT INTO "quotes_why_names" VALUES(12,'time');
INSERT INTO "quotes_why_names" VALUES(13,'lpi');
INSERT INTO "quotes_why_names" VALUES(14,'target');
INSERT INTO "quotes_why_names" VALUES(15,'person');
INSERT INTO "quotes_why_names" VALUES(16,'no_book');
CREATE TABLE "runs" (
   "run" INTEGER PRIMARY KEY,
   "session_id" TEXT NOT NULL,
   "started_us" INTEGER NOT NULL,
   "ended_us" INTEGER,
   "symbol" TEXT,
   "tape" TEXT,
   "tape_sha256" TEXT,
   "first_ts_us" INTEGER,
   "last_ts_us" INTEGER,
   "model_sha256" TEXT,
   "fill_rule" TEXT,
   "params" TEXT,
   "provenance" TEXT NOT NULL,
   "summary" TEXT
);
INSERT INTO "runs" VALUES(1,'20261121T154911.417408Z-aad522',1795276151428541,1795276151446478,'BTCUSDT','day.parquet','ab',1,2,NULL,'through','[0.0, 0.0, 10.0, 0.0, 1.0, 0.001, 50.0, 0.0, 1000.0, 250000.0, 60000000.0, 1.0, 0.01, 200000.0, 50.0, 5.0, 0.2, 0.2, 0.0, 0.0, 2.0, 0.0, 1.0, 100000.0, 100000.0, 2.0, 1.0, 10.0, 1.0, 0.0, 1.0, 0.0, 3.0, 20.0, 5.0, 7200.0, 120.0, 20.0, 0.0, 3.0, 10.0, 0.5, 5.0, 3600.0, 600.0, 1000.0, 0.001, 0.5, 0.3, 0.2, 5.0, 60.0, 60.0, 30.0, 10.0, 60.0, 2.0, 1.5, 1.0, 5.0, 5.0, 2.0, 3.0, 60.0, 0.5, 0.0, 3.0, 1.2, 3.0, 2.0, 1.5, 1.0, 2e-05, 0.1, 1.0, 0.0, 1.0, 2.0, 0.5, 0.3, 0.2, 3.0, 5.0, 10.0, 120.0, 2.5, 10.0, 1.0, 60.0, 3.0, 3600.0]','{"tape": "day.parquet", "tape_sha256": "ab", "instrument": {"market": 0, "symbol": "BTCUSDT", "tick_size": "0.1", "lot_size": "0.001", "multiplier": "1"}, "params": [0.0, 0.0, 10.0, 0.0, 1.0, 0.001, 50.0, 0.0, 1000.0, 250000.0, 60000000.0, 1.0, 0.01, 200000.0, 50.0, 5.0, 0.2, 0.2, 0.0, 0.0, 2.0, 0.0, 1.0, 100000.0, 100000.0, 2.0, 1.0, 10.0, 1.0, 0.0, 1.0, 0.0, 3.0, 20.0, 5.0, 7200.0, 120.0, 20.0, 0.0, 3.0, 10.0, 0.5, 5.0, 3600.0, 600.0, 1000.0, 0.001, 0.5, 0.3, 0.2, 5.0, 60.0, 60.0, 30.0, 10.0, 60.0, 2.0, 1.5, 1.0, 5.0, 5.0, 2.0, 3.0, 60.0, 0.5, 0.0, 3.0, 1.2, 3.0, 2.0, 1.5, 1.0, 2e-05, 0.1, 1.0, 0.0, 1.0, 2.0, 0.5, 0.3, 0.2, 3.0, 5.0, 10.0, 120.0, 2.5, 10.0, 1.0, 60.0, 3.0, 3600.0], "model_sha256": null, "fill_rule": "through", "first_ts_us": 1, "last_ts_us": 2, "platform": "somewhere", "versions": {"python": "3.11.7", "lobterm": "0.1.0", "numpy": "2.4.6", "numba": "0.68.1"}}','{"fills": 2}');
CREATE TABLE "triggers" (
   "run" INTEGER REFERENCES "runs"("run"),
   "offset" INTEGER,
   "ts" INTEGER,
   "bid" INTEGER,
   "ask" INTEGER,
   "lpi" REAL,
   "lpi_change" REAL,
   "z_fsi" REAL,
   "z_ldr" REAL,
   "z_ldr_change" REAL,
   "z_pi" REAL,
   "z_oi" REAL,
   "oi_age_us" INTEGER,
   "leg_return" REAL,
   "sigma" REAL,
   "crash_return" REAL,
   "size" INTEGER,
   "side" INTEGER,
   "direction" INTEGER,
   "state" INTEGER,
   "source" INTEGER,
   "legs" INTEGER,
   "legs_known" INTEGER,
   "conditions" INTEGER,
   "conditions_known" INTEGER,
   "rule" INTEGER,
   "why" INTEGER
);
INSERT INTO "triggers" VALUES(1,1000,1700000000000000,1002,1003,0.5,0.5,0.5,0.5,0.5,0.5,NULL,NULL,NULL,NULL,NULL,1015,1,0,0,0,0,0,0,0,0,0);
INSERT INTO "triggers" VALUES(1,2000,1700000000250000,2002,2003,0.5,0.5,0.5,0.5,0.5,0.5,0.5,2011,0.5,0.5,0.5,2015,-1,0,0,0,0,0,0,0,0,0);
CREATE TABLE "triggers_source_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "triggers_source_names" VALUES(0,'none');
INSERT INTO "triggers_source_names" VALUES(1,'liquidations');
INSERT INTO "triggers_source_names" VALUES(2,'open_interest');
INSERT INTO "triggers_source_names" VALUES(3,'flow');
CREATE TABLE "triggers_state_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "triggers_state_names" VALUES(0,'unknown');
INSERT INTO "triggers_state_names" VALUES(1,'informed');
INSERT INTO "triggers_state_names" VALUES(2,'forced');
CREATE TABLE "triggers_why_names" (
   "id" INTEGER PRIMARY KEY,
   "name" TEXT
);
INSERT INTO "triggers_why_names" VALUES(0,'none');
INSERT INTO "triggers_why_names" VALUES(1,'off');
INSERT INTO "triggers_why_names" VALUES(2,'not_forced');
INSERT INTO "triggers_why_names" VALUES(3,'no_direction');
INSERT INTO "triggers_why_names" VALUES(4,'toxic');
INSERT INTO "triggers_why_names" VALUES(5,'spread');
INSERT INTO "triggers_why_names" VALUES(6,'crash');
INSERT INTO "triggers_why_names" VALUES(7,'size');
INSERT INTO "triggers_why_names" VALUES(8,'busy');
CREATE UNIQUE INDEX "idx_runs_session_id"
    ON "runs" ("session_id");
CREATE INDEX "idx_labels_run"
    ON "labels" ("run");
CREATE VIEW "labels_named" AS select runs.session_id, [labels].[offset], [labels].[ts], [labels].[exch_ts], [labels].[seq], [labels].[px], [labels].[qty], [labels].[book_age_us], [labels].[feature_v_rel], [labels].[feature_depth_consumed], [labels].[feature_depth_resting], [labels].[feature_spread_ticks], [labels].[feature_t_m_us], [labels].[feature_t_age_us], [labels].[z_v_rel], [labels].[z_depth_consumed], [labels].[z_depth_resting], [labels].[z_spread_ticks], [labels].[z_t_m_us], [labels].[z_t_age_us], [labels].[side], [labels_label_names].name as [label], [labels_why_names].name as [why] from [labels] join runs on runs.run = [labels].run left join [labels_label_names] on [labels_label_names].id = [labels].[label] left join [labels_why_names] on [labels_why_names].id = [labels].[why];
CREATE INDEX "idx_alpha_run"
    ON "alpha" ("run");
CREATE VIEW "alpha_named" AS select runs.session_id, [alpha].[offset], [alpha].[ts], [alpha].[bid], [alpha].[ask], [alpha].[bid_qty], [alpha].[ask_qty], [alpha].[skew_inverted], [alpha].[hazard_inverted], [alpha].[skew_traditional], [alpha].[hazard_traditional], [alpha].[norm], [alpha].[fair_px], [alpha].[width_ticks], [alpha].[inventory], [alpha].[pnl_e8], [alpha].[volume], [alpha].[impact_sell], [alpha].[impact_buy], [alpha].[fsi_sell], [alpha].[fsi_buy], [alpha].[ldr_bid], [alpha].[ldr_ask], [alpha].[pi], [alpha].[rv], [alpha].[sigma], [alpha].[z_fsi_sell], [alpha].[z_fsi_buy], [alpha].[z_ldr_bid], [alpha].[z_ldr_ask], [alpha].[z_pi], [alpha].[lpi_sell], [alpha].[lpi_buy], [alpha].[oi], [alpha].[oi_age_us], [alpha].[oi_flush], [alpha].[z_oi], [alpha_state_sell_names].name as [state_sell], [alpha_state_buy_names].name as [state_buy], [alpha_source_names].name as [source], [alpha].[legs_sell], [alpha].[legs_sell_known], [alpha].[legs_buy], [alpha].[legs_buy_known], [alpha].[exhaustion_sell], [alpha].[exhaustion_sell_known], [alpha].[exhaustion_buy], [alpha].[exhaustion_buy_known] from [alpha] join runs on runs.run = [alpha].run left join [alpha_state_sell_names] on [alpha_state_sell_names].id = [alpha].[state_sell] left join [alpha_state_buy_names] on [alpha_state_buy_names].id = [alpha].[state_buy] left join [alpha_source_names] on [alpha_source_names].id = [alpha].[source];
CREATE INDEX "idx_triggers_run"
    ON "triggers" ("run");
CREATE VIEW "triggers_named" AS select runs.session_id, [triggers].[offset], [triggers].[ts], [triggers].[bid], [triggers].[ask], [triggers].[lpi], [triggers].[lpi_change], [triggers].[z_fsi], [triggers].[z_ldr], [triggers].[z_ldr_change], [triggers].[z_pi], [triggers].[z_oi], [triggers].[oi_age_us], [triggers].[leg_return], [triggers].[sigma], [triggers].[crash_return], [triggers].[size], [triggers].[side], [triggers].[direction], [triggers_state_names].name as [state], [triggers_source_names].name as [source], [triggers].[legs], [triggers].[legs_known], [triggers].[conditions], [triggers].[conditions_known], [triggers].[rule], [triggers_why_names].name as [why] from [triggers] join runs on runs.run = [triggers].run left join [triggers_state_names] on [triggers_state_names].id = [triggers].[state] left join [triggers_source_names] on [triggers_source_names].id = [triggers].[source] left join [triggers_why_names] on [triggers_why_names].id = [triggers].[why];
CREATE INDEX "idx_quotes_run"
    ON "quotes" ("run");
CREATE VIEW "quotes_named" AS select runs.session_id, [quotes].[offset], [quotes].[ts], [quotes].[order_id], [quotes].[px], [quotes].[qty], [quotes].[live_from], [quotes].[live_to], [quotes].[side], [quotes_act_names].name as [act], [quotes_why_names].name as [why], [quotes_strategy_names].name as [strategy], [quotes].[level] from [quotes] join runs on runs.run = [quotes].run left join [quotes_act_names] on [quotes_act_names].id = [quotes].[act] left join [quotes_why_names] on [quotes_why_names].id = [quotes].[why] left join [quotes_strategy_names] on [quotes_strategy_names].id = [quotes].[strategy];
CREATE INDEX "idx_fills_run"
    ON "fills" ("run");
CREATE VIEW "fills_named" AS select runs.session_id, [fills].[offset], [fills].[ts], [fills].[exch_ts], [fills].[seq], [fills].[order_id], [fills].[px], [fills].[qty], [fills].[print_px], [fills].[print_qty], [fills].[mid2], [fills].[fee_e8], [fills].[slip2], [fills].[inventory], [fills].[ahead], [fills].[hazard], [fills].[side], [fills_rule_names].name as [rule], [fills_strategy_names].name as [strategy], [fills_state_sell_names].name as [state_sell], [fills_state_buy_names].name as [state_buy] from [fills] join runs on runs.run = [fills].run left join [fills_rule_names] on [fills_rule_names].id = [fills].[rule] left join [fills_strategy_names] on [fills_strategy_names].id = [fills].[strategy] left join [fills_state_sell_names] on [fills_state_sell_names].id = [fills].[state_sell] left join [fills_state_buy_names] on [fills_state_buy_names].id = [fills].[state_buy];
CREATE INDEX "idx_markouts_run"
    ON "markouts" ("run");
CREATE VIEW "markouts_named" AS select runs.session_id, [markouts].[offset], [markouts].[ts], [markouts].[ref2], [markouts].[qty], [markouts].[order_id], [markouts].[mid2_500ms], [markouts].[mid2_1000ms], [markouts].[mid2_2000ms], [markouts].[mid2_5000ms], [markouts].[mid2_30000ms], [markouts].[mid2_120000ms], [markouts].[side], [markouts_what_names].name as [what], [markouts_strategy_names].name as [strategy], [markouts].[label] from [markouts] join runs on runs.run = [markouts].run left join [markouts_what_names] on [markouts_what_names].id = [markouts].[what] left join [markouts_strategy_names] on [markouts_strategy_names].id = [markouts].[strategy];
COMMIT;
