package com.example;

class Sample {
    void hits(HttpSecurity http, CorsRegistry cors, File file) throws Exception {
        // ruleid: java-insecure-default
        http.csrf().disable();
        http.authorizeRequests().anyRequest().authenticated().and().formLogin();
        // ruleid: java-insecure-default
        http.authorizeHttpRequests(rules -> rules.requestMatchers("/actuator/**").permitAll());
        // ruleid: java-insecure-default
        cors.addMapping("/**").allowedOriginPatterns("*").allowCredentials(true);
        // ruleid: java-insecure-default
        file.setWritable(true, false);
    }

    PasswordEncoder encoder() {
        // ruleid: java-insecure-default
        return NoOpPasswordEncoder.getInstance();
    }

    SecurityFilterChain chain(HttpSecurity http) throws Exception {
        // ruleid: java-insecure-default
        http.csrf(csrf -> csrf.disable())
            .formLogin(Customizer.withDefaults());
        return http.build();
    }

    void api(HttpSecurity http, CorsRegistry cors, File file) throws Exception {
        // ok: java-insecure-default
        http.csrf().disable().oauth2ResourceServer().jwt();
        // ok: java-insecure-default
        http.authorizeHttpRequests(rules -> rules.requestMatchers("/actuator/health").permitAll());
        // ok: java-insecure-default
        cors.addMapping("/**").allowedOrigins("https://example.com").allowCredentials(true);
        // ok: java-insecure-default
        file.setWritable(true);
    }
}
