/** Name of the variable that says where the report's page goes; without it, there is none. */
export const PAGE_VARIABLE = "KAFKA_PLATFORM_PAGE";
