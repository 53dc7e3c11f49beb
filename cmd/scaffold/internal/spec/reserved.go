package spec

import "strings"

func set(words string) map[string]bool {
	all := map[string]bool{}
	for _, word := range strings.Fields(words) {
		all[word] = true
	}
	return all
}

var (
	// reservedFields are what every entity has.
	reservedFields = set("id version created_at updated_at table_name draft")

	// reservedOperations are the methods that every handler, service and repository has.
	reservedOperations = set("list create get replace patch delete remove update insert lock by_id find routes in_tx reader writer " +
		"output ping close name driver stats exclusive target service cfg change normalize violations valid scope show taken")

	// packages are those whose names a module's files or the list of modules use.
	packages = set("api app assert auth broker cache catalogapi clock cmp codec config configs context database errors fmt gorm " +
		"goleak health http httpapi id json log main maps math module modules net outbox page platform problem " +
		"sync bytes broker prometheus slog subscription courier listen body create ctx draft in list noon path serve settings uuid walk " +
		"require slices strings sync tasks telemetry testing testkit time url utf8 wire wiregen migrate migrations graph")

	// taken are the package-level names of every module.
	taken = set("Read Write Module Set New Config Handler NewHandler Service NewService Repository NewRepository Draft Filter FilterInput " +
		"Check Sorting filter draft check sorting sortings show showMoney money Money changing filled output newOutput taken " +
		"Manage Whose whose told once idsBy anyVersion errUndue working newTasks patience optional storable maxCents currencyPattern moment find")

	// sqlWords are reserved by SQLite, MySQL, MariaDB or Oracle.
	sqlWords = set("access account accessible add aggregate all alter analyze and any array as asc asensitive at attach audit autoincrement " +
		"before begin between bigint binary blob body both by call cascade case cast change char character check cluster coalesce " +
		"collate column column_value columns comment commit compress condition connect constraint continue convert count create cross cube " +
		"cume_dist current current_date current_role current_time current_timestamp current_user cursor database databases date " +
		"day day_hour day_microsecond day_minute day_second dec decimal declare default deferrable delayed delete dense_rank desc describe " +
		"deterministic distinct distinctrow div double drop dual each else elseif empty enclosed end escape escaped except " +
		"exclusive exists exit explain external false fetch file first first_value float float4 float8 for force foreign from full " +
		"fulltext function general generated get glob grant group grouping groups having high_priority hour hour_microsecond " +
		"hour_minute hour_second identified if ignore immediate in increment index indexed infile initial inner inout " +
		"insensitive insert instead int int1 int2 int3 int4 int8 integer intersect interval into io_after_gtids " +
		"io_before_gtids is isnull iterate join json_table key keys kill lag last last_value lateral lead leading leave left " +
		"level library like limit linear lines load local localtime localtimestamp lock long longblob longtext loop low_priority " +
		"manual master_bind master_ssl_verify_server_cert match max maxextents maxvalue mediumblob mediumint mediumtext " +
		"middleint min minus minute minute_microsecond minute_second mlslabel mod mode modifies modify month natural nested_table_id " +
		"no_write_to_binlog noaudit nocompress not nothing notnull nowait nth_value ntile null number numeric of offline offset on online only open optimize " +
		"optimizer_costs option optionally or order out outer outfile over overlaps page_checksum parallel parse_vcol_expr partition " +
		"password pctfree percent_rank period plan position pragma precision primary prior privileges procedure public purge qualify " +
		"query raise range rank raw read read_write reads real recursive ref_system_id references regexp release rename " +
		"repeat replace require resignal resource restrict return returning revoke right rlike role rollback row row_number " +
		"rowid rownum rows savepoint schema schemas second second_microsecond select sensitive separator session set share show " +
		"signal size slow smallint spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception " +
		"sqlstate sqlwarning ssl start starting state stats_auto_recalc stats_persistent stats_sample_pages stored " +
		"straight_join sum successful synonym sysdate system table tablesample temp temporary terminated then time timestamp tinyblob " +
		"tinyint tinytext to top trailing transaction trigger true uid undo union unique unlock unsigned until update usage use " +
		"user using utc_date utc_time utc_timestamp vacuum validate value values varbinary varchar varchar2 varcharacter " +
		"varying view virtual when whenever where while window with within without work write xor year year_month zerofill zone")
)
